// SPDX-License-Identifier: MIT
// The objects that tracees hold, and what their descriptors are known to lead to without asking the kernel again. A
// number that is being closed is not known for as long as it may go on to lead to what it led to before: from the entry
// of the call until the next stop of its task (a *window*). Asks nobody: what the kernel says is put in.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "kintrace/holders.hpp"
#include "sources/gives.hpp"
#include "sources/queue.hpp"
#include "sources/stream.hpp"

namespace kintrace::sources {

// What the kernel knows it by.
struct Identity {
  std::uint64_t device = 0, inode = 0;
  friend auto operator<=>(const Identity&, const Identity&) = default;
};

// What has no file system has numbers of ours: pseudoterminals theirs, System V objects their ids, and so on. No file
// system has such a device.
constexpr std::uint64_t sysv_devices = 16;  // and the kind above it, and the IPC namespace above that
constexpr std::uint64_t event_devices = 64;
constexpr std::uint64_t private_words = std::uint64_t{1} << 62;
constexpr std::uint64_t shared_words = std::uint64_t{1} << 63;

// Whether what is read from it is what was written, in order: a terminal changes it, a file keeps it.
constexpr bool keeps_bytes(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::pipe:
    case ObjectKind::fifo:
    case ObjectKind::unix_socket:
    case ObjectKind::inet:
    case ObjectKind::socket: return true;
    default: return false;
  }
}
constexpr bool is_queue(ObjectKind kind) { return kind == ObjectKind::sysv_msg || kind == ObjectKind::posix_mq; }

// A lock on a file (fcntl(2), flock(2)).
struct HeldLock {
  Tgid by;
  LockKind kind = LockKind::flock;
  LockMode mode = LockMode::write;
  std::int64_t first = 0, last = 0;  // bytes, both included
  Seq released = {};       // its end has been given this number, but is not certain: others may share its description
  bool handed_on = false;  // who took it has closed its descriptor, or ended: others have the description
};

struct Object {
  ObjectId id;
  Identity identity;
  // What is in it: of a pipe or FIFO all, of a stream socket what it has sent, of other sockets what is sent to them.
  Stream stream;
  bool messages = false;                         // a socket that keeps them apart
  bool outside = false;                          // it was there before: others, who are not followed, may hold it
  std::optional<ObjectId> peer;                  // of a socket
  std::string ends;                              // of a connected inet socket: its two addresses
  std::string name;                              // of a bound socket
  std::optional<Tgid> last_reader, last_writer;  // who closed the last of these ends
  std::optional<Tgid> shut_by;                   // who has shut down what it sends
  Gives input, room;                             // what was given to those who wait for either: `input` is any change
  Queue queue;                                   // of messages
  std::vector<Tgid> used_by;                     // of what has no descriptors: some of those who have used it
  Bytes path;
  std::int32_t ipcid = -1;
  std::size_t inside = 0;  // of a semaphore set: calls that may have changed it, and have not returned
  bool removed = false;
  std::map<std::pair<Tgid, int>, std::int64_t> undo;  // of a semaphore set, by process and index: what its end adds
  std::vector<HeldLock> locks;                        // of a file
  struct Member {
    std::uint64_t data = 0;
    ObjectId obj;
  };
  std::map<int, Member> members;  // of an epoll instance, by descriptor
};

class Objects {
 public:
  // `plain`: no object. `unsure`: the kernel must be asked.
  enum class Known { unsure, plain, object };

  const Holders& holders() const { return holders_; }

  // Tables, each with the processes whose tasks use it.
  TableIndex make(Tgid user);
  void share(TableIndex table, Tgid user);
  TableIndex copy(TableIndex table, Tgid user);
  std::vector<Holders::Closed> leave(TableIndex table, Tgid user);
  bool shared(TableIndex table) const { return holders_.users(table) > 1; }
  // Who holds an end of it: `both`, either.
  std::set<Tgid> users(ObjectId id, End end) const;

  // Descriptors.
  Known known(TableIndex table, int fd) const;
  const Holders::Held* held(TableIndex table, int fd) const { return holders_.find(table, fd); }
  void is_plain(TableIndex table, int fd);
  // Of what is plain all the same: the file that it leads to. Nothing: it is not known.
  void is_file(TableIndex table, int fd, ObjectId file);
  ObjectId file_of(TableIndex table, int fd) const;
  // What it replaced, if that was another object's.
  std::optional<Holders::Closed> is(TableIndex table, int fd, Holders::Held held, Tgid who);
  // It is closed, for now or for good.
  std::optional<Holders::Closed> closed(TableIndex table, int fd, Tgid who);
  // The numbers of which something is known.
  std::vector<int> known_between(TableIndex table, unsigned first, unsigned last) const;
  // Nothing is known any more of what was no object: an exec may have closed it.
  void forget_plain(TableIndex table);
  // Nothing is ever known: its process does things that are not seen.
  void never_sure(TableIndex table);

  // Descriptors on their way in a message hold what they lead to (unix(7)), until somebody receives them or the socket
  // that they wait in is gone. Their numbers are of no task.
  int take_along(Holders::Held held, ObjectId to);
  void arrived(Holders::Held held, Tgid who);
  void came_back(int taken_along);

  // Windows.
  void open_window(TableIndex table, Tid closer, unsigned first, unsigned last);
  void close_windows(TableIndex table, Tid closer);
  bool in_window(TableIndex table, int fd) const;

  // Objects. `add`: whatever had this identity before is gone.
  Object* find(const Identity& identity);
  Object* find(ObjectId id);
  Object& add(ObjectKind kind, const Identity& identity);
  // It cannot be found by what it was known by: that may be given to another.
  void remove(Object& object);
  // One whose path this is; nothing: there is none, or no more.
  Object* at_path(ObjectKind kind, const Bytes& path);
  static void join(Object& one, Object& other);
  // Sockets by address.
  void name(Object& object, std::string name);
  void connect(Object& object, const std::string& local, const std::string& peer);
  Object* named(const std::string& name);
  Object* connected(const std::string& local, const std::string& peer);

 private:
  struct Window {
    Tid closer;
    unsigned first, last;
  };
  struct Table {
    std::vector<Known> numbers;
    std::vector<Window> windows;
    std::map<Tgid, int> users;      // and how many tasks of each
    std::map<int, ObjectId> files;  // of some numbers that are plain
    bool never_sure = false;
  };
  void note(TableIndex table, int fd, Known known);
  void lost(ObjectId to, Tgid who);
  void note_last(const Holders::Closed& closed, Tgid who);
  void forget_unheld();
  void forget(ObjectId id);

  Holders holders_;
  TableIndex under_way_ = holders_.make();
  std::map<int, ObjectId> under_way_to_;
  int last_taken_along_ = 0;
  std::unordered_map<TableIndex, Table> tables_{{under_way_, {}}};
  std::unordered_map<ObjectId, Object> objects_;
  std::map<Identity, ObjectId> by_identity_;
  std::unordered_map<std::string, ObjectId> by_name_, by_ends_;
  std::array<std::uint32_t, Names<ObjectKind>::value.size()> counts_{};
  std::deque<ObjectId> loose_;   // futexes and mapped files, which nothing says are needed no more
  std::deque<ObjectId> unheld_;  // of whom some may come back: in a message, or a FIFO opened anew
};

}  // namespace kintrace::sources
