// SPDX-License-Identifier: MIT
// A keeper that hears nothing: a test says what it listens to.
#pragma once

#include "syscalls/row.hpp"

namespace kintrace::test {

class DeafKeeper : public syscalls::Keeper {
 public:
  using Call = syscalls::Call;
  void tell(const Call& /*call*/, Fact /*fact*/) override {}
  void tell_of(Tgid /*whom*/, const Call& /*call*/, Fact /*fact*/) override {}
  void collected(const Call& /*call*/, std::optional<Tgid> /*child*/,
                 const std::optional<Ending>& /*ending*/) override {}
  void escaped(const Call& /*call*/, Tid /*child*/) override {}
  bool action_set(const Call& /*call*/, const syscalls::Action& /*action*/) override { return true; }
  void children_elsewhere(const Call& /*call*/) override {}
  void opened(const Call& /*call*/, std::span<const int> /*fds*/, OpenedHow /*how*/) override {}
  void duplicated(const Call& /*call*/, int /*from*/, int /*to*/) override {}
  void closing(const Call& /*call*/, unsigned /*first*/, unsigned /*last*/) override {}
  void unseen_from_now(const Call& /*call*/) override {}
  void sent(const Call& /*call*/, Transfer /*transfer*/) override {}
  void received(const Call& /*call*/, Transfer /*transfer*/) override {}
  void tell_of_object(const Call& /*call*/, std::size_t /*arg*/, Fact /*fact*/, Which /*which*/) override {}
  void got(const Call& /*call*/, ObjectKind /*kind*/, std::int32_t /*id*/, std::int64_t /*key*/,
           std::int64_t /*size*/) override {}
  void made(const Call& /*call*/, int /*fd*/, std::optional<std::int64_t> /*size*/) override {}
  void mapped(const Call& /*call*/, const Piece& /*piece*/) override {}
  void unmapping(const Call& /*call*/, std::uint64_t /*address*/, std::uint64_t /*bytes*/) override {}
  void moved(const Call& /*call*/, std::uint64_t /*from*/, std::uint64_t /*from_bytes*/, std::uint64_t /*to*/,
             std::uint64_t /*to_bytes*/) override {}
  void attached(const Call& /*call*/, std::uint64_t /*address*/, bool /*read_only*/) override {}
  void detached(const Call& /*call*/, std::uint64_t /*address*/) override {}
  void locked(const Call& /*call*/, const Locking& /*lock*/) override {}
  void waited(const Call& /*call*/, Waited /*fact*/, std::span<const Watched> /*fds*/) override {}
  void watches(const Call& /*call*/, int /*operation*/, int /*fd*/, std::uint64_t /*data*/) override {}
  void epoll_waited(const Call& /*call*/, Waited /*fact*/, std::span<const std::uint64_t> /*ready*/) override {}
  void linked(const Call& /*call*/, const Bytes& /*from*/, const Bytes& /*to*/) override {}
  void unlinked(const Call& /*call*/) override {}
  void fifo_made(const Call& /*call*/, std::size_t /*path*/) override {}

 protected:
  ~DeafKeeper() = default;
};

}  // namespace kintrace::test
