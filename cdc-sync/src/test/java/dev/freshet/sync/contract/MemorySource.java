package dev.freshet.sync.contract;

import dev.freshet.protocol.TimelineHistory;
import dev.freshet.sync.model.EndSession;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Capture;
import dev.freshet.sync.source.CaptureRequest;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.ChangeSources;
import dev.freshet.sync.source.Changes;
import dev.freshet.sync.source.Claim;
import dev.freshet.sync.source.Continuation;
import dev.freshet.sync.source.Held;
import dev.freshet.sync.source.ModelViews;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.Published;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SchemaImage;
import dev.freshet.sync.source.Seed;
import dev.freshet.sync.source.SourceSchema;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.SourceTransaction;
import dev.freshet.sync.source.UserFunction;
import dev.freshet.sync.source.UserType;
import dev.freshet.sync.source.UserView;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A source in memory: a list of transactions, each a place further than the one before. */
final class MemorySource implements WrittenSource {

  private static final SourceTable TABLE =
      new SourceTable(
          ITEM,
          1,
          false,
          "",
          "",
          List.of(
              new SourceTable.Column("id", 1, "text", "", null, false, null),
              new SourceTable.Column("note", 2, "text", "", null, false, null)),
          List.of("id"),
          true,
          0);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition grown = lock.newCondition();
  private final Map<String, String> rows = new TreeMap<>();
  private final List<List<RowChange>> log = new ArrayList<>();
  private boolean isCaptured;

  @Override
  public void commit(List<Step> steps) {
    lock.lock();
    try {
      List<RowChange> changes = new ArrayList<>();
      steps.forEach(step -> changes.addAll(apply(step)));
      log.add(List.copyOf(changes));
      grown.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private List<RowChange> apply(Step step) {
    switch (step) {
      case Step.Put(String id, String note) -> {
        rows.put(id, note);
        return List.of(new RowChange.Upsert(ITEM, List.of(id, note), null));
      }
      case Step.Rename(String from, String to) -> {
        String note = rows.remove(from);
        if (note == null) {
          return List.of();
        }
        rows.put(to, note);
        return List.of(
            new RowChange.Delete(ITEM, List.of(from)),
            new RowChange.Upsert(ITEM, List.of(to, note), List.of(from)));
      }
      case Step.Remove(String id) -> {
        return rows.remove(id) == null
            ? List.of()
            : List.of(new RowChange.Delete(ITEM, List.of(id)));
      }
      case Step.Clear() -> {
        rows.clear();
        return List.of(new RowChange.Truncate(ITEM));
      }
    }
  }

  @Override
  public Map<String, String> rows() {
    lock.lock();
    try {
      return new TreeMap<>(rows);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public ChangeSources open() {
    return new ChangeSources() {
      @Override
      public ChangeSource connect() {
        return new Connected();
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void close() {}

  private final class Connected implements ChangeSource {

    @Override
    public Origin origin() {
      return new Origin("memory", "memory");
    }

    @Override
    public Place place() {
      lock.lock();
      try {
        return new Place(1, log.size());
      } finally {
        lock.unlock();
      }
    }

    @Override
    public Continuation continuation(Held held) {
      if (!held.isNew() && !held.system().equals("memory")) {
        throw new SyncRefused("The copy is of another system.");
      }
      return held.applied() == null || !isCaptured
          ? new Continuation.CopyAll("First copy.")
          : new Continuation.GoOn();
    }

    @Override
    public TimelineHistory history() {
      return TimelineHistory.startingAt(1);
    }

    @Override
    public SourceSchema schema() {
      return new SourceSchema() {
        @Override
        public List<UserView> partitionsWithinOthers(Collection<TableName> tables) {
          return List.of();
        }

        @Override
        public SchemaImage image() {
          return new SchemaImage(
              List.of(TABLE), List.of(), Map.of(), List.of(), List.of(), List.of(), List.of());
        }

        @Override
        public String version() {
          return "";
        }

        @Override
        public Optional<SourceTable> find(TableName name) {
          return name.equals(ITEM) ? Optional.of(TABLE) : Optional.empty();
        }

        @Override
        public List<UserType> userTypes(Set<Long> tables) {
          return List.of();
        }

        @Override
        public Set<TableName> named(Set<String> names) {
          return names.contains(ITEM.name()) ? Set.of(ITEM) : Set.of();
        }

        @Override
        public List<UserFunction> functions(Set<String> names) {
          return List.of();
        }

        @Override
        public List<UserView> views(Set<String> names) {
          return List.of();
        }

        @Override
        public List<UserType.Extension> extensions(Set<String> names) {
          return List.of();
        }

        @Override
        public void requireAnswerable(String model, String select) {
          throw new SyncRefused("There are no SELECTs here.");
        }
      };
    }

    @Override
    public Optional<ModelViews> views() {
      return Optional.empty();
    }

    @Override
    public Published publish(Collection<TableName> tables) {
      return new Published(Set.of(), "");
    }

    @Override
    public Seed seed() {
      isCaptured = true;
      return snapshot();
    }

    @Override
    public Seed snapshot() {
      lock.lock();
      try {
        Place at = place();
        Map<String, String> now = rows();
        return new Seed() {
          @Override
          public Place at() {
            return at;
          }

          @Override
          public void read(SourceTable table, List<String> columns, Rows target) {
            now.forEach(
                (id, note) -> {
                  Map<String, String> row = Map.of("id", id, "note", note);
                  String line = String.join("\t", columns.stream().map(row::get).toList()) + "\n";
                  target.row(line.getBytes(StandardCharsets.UTF_8));
                });
          }

          @Override
          public void close() {}
        };
      } finally {
        lock.unlock();
      }
    }

    @Override
    public Capture capture(CaptureRequest request) {
      return new Running(request);
    }

    @Override
    public void wish(Place wanted) {}

    @Override
    public Optional<Claim> claim() {
      return Optional.empty();
    }

    @Override
    public Instant now() {
      return Instant.now();
    }

    @Override
    public void close() {}
  }

  private final class Running implements Capture {

    private final CaptureRequest request;
    private boolean closed;

    Running(CaptureRequest request) {
      this.request = request;
    }

    @Override
    public void run() {
      lock.lock();
      try {
        while (!closed) {
          int next = (int) request.applied().get().value();
          if (next < log.size()) {
            hand(next);
          } else {
            request.observer().level(new Place(1, next), System.nanoTime(), Instant.now());
            grown.await();
          }
        }
      } catch (InterruptedException e) {
        throw EndSession.outdated("Interrupted.");
      } finally {
        lock.unlock();
      }
    }

    private void hand(int next) {
      try (Changes changes = new Changes()) {
        log.get(next).forEach(changes::add);
        request
            .listener()
            .committed(
                List.of(
                    new SourceTransaction(new Place(1, next + 1), Instant.now(), changes, null)));
      }
    }

    @Override
    public void close() {
      lock.lock();
      try {
        closed = true;
        grown.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
