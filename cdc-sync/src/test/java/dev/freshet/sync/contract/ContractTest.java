package dev.freshet.sync.contract;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.sync.contract.WrittenSource.Step.Put;
import dev.freshet.sync.source.CaptureRequest;
import dev.freshet.sync.source.ChangeSource;
import dev.freshet.sync.source.ChangeSources;
import dev.freshet.sync.source.Changes;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.source.RowChange;
import dev.freshet.sync.source.SourceTransaction;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract finds a source out that does not keep it. */
class ContractTest {

  private static final int TRANSACTIONS = 10;

  /** What a source may do to four transactions. */
  enum Fault {
    DROPS,
    SWAPS,
    REPEATS,
    TEARS;

    private List<List<RowChange>> of(List<List<RowChange>> all) {
      List<RowChange> one = all.get(0);
      List<RowChange> two = all.get(1);
      List<RowChange> three = all.get(2);
      List<RowChange> four = all.get(3);
      return switch (this) {
        case DROPS -> List.of(one, three, four);
        case SWAPS -> List.of(one, three, two, four);
        case REPEATS -> List.of(one, two, two, three, four);
        case TEARS -> List.of(one, half(two, true), half(two, false), three, four);
      };
    }

    /** The promise that it breaks. */
    private String law() {
      return this == TEARS ? "transactions are whole" : "each transaction comes once, in order";
    }

    private static List<RowChange> half(List<RowChange> changes, boolean isFirst) {
      int middle = changes.size() / 2;
      return isFirst ? changes.subList(0, middle) : changes.subList(middle, changes.size());
    }
  }

  @ParameterizedTest
  @EnumSource
  void sourceWithAFaultIsFoundOut(Fault fault) throws Exception {
    MemorySource written = new MemorySource();
    written.commit(new Put("left", "0"), new Put("right", "0"));
    Follower follower = new Follower();
    assertThatThrownBy(
            () ->
                follower.follow(
                    faulty(written.open(), fault),
                    (awaiting, source) -> {
                      for (int i = 1; i <= TRANSACTIONS; i++) {
                        written.commit(new Put("left", "" + i), new Put("right", "" + i));
                      }
                      awaiting.until(() -> follower.transactions() >= TRANSACTIONS);
                    }))
        .hasStackTraceContaining(fault.law());
  }

  /** Gathers four transactions at a time, and hands on what the fault makes of them. */
  private static ChangeSources faulty(ChangeSources sound, Fault fault) {
    return new ChangeSources() {
      @Override
      public ChangeSource connect() {
        ChangeSource source = sound.connect();
        return (ChangeSource)
            Proxy.newProxyInstance(
                ChangeSource.class.getClassLoader(),
                new Class<?>[] {ChangeSource.class},
                (proxy, method, arguments) -> {
                  try {
                    return method.getName().equals("capture")
                        ? source.capture(Faulty.of((CaptureRequest) arguments[0], fault))
                        : method.invoke(source, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
      }

      @Override
      public void close() {
        sound.close();
      }
    };
  }

  private static final class Faulty {

    private final CaptureRequest request;
    private final Fault fault;
    private final List<List<RowChange>> gathered = new ArrayList<>();
    private Place taken;
    private long handed;

    private Faulty(CaptureRequest request, Fault fault) {
      this.request = request;
      this.fault = fault;
      this.taken = request.applied().get();
      this.handed = taken.value();
    }

    static CaptureRequest of(CaptureRequest request, Fault fault) {
      Faulty faulty = new Faulty(request, fault);
      return new CaptureRequest(
          request.tables(),
          request.definitions(),
          request.copiedAgain(),
          request.withBefore(),
          () -> faulty.taken,
          faulty::committed,
          request.observer());
    }

    private void committed(List<SourceTransaction> transactions) {
      for (SourceTransaction transaction : transactions) {
        List<RowChange> changes = new ArrayList<>();
        transaction.changes().forEachChunk(changes::addAll);
        gathered.add(changes);
        taken = transaction.end();
        if (gathered.size() == 4) {
          fault.of(gathered).forEach(this::hand);
          gathered.clear();
        }
      }
    }

    private void hand(List<RowChange> rows) {
      try (Changes changes = new Changes()) {
        rows.forEach(changes::add);
        handed++;
        request
            .listener()
            .committed(
                List.of(new SourceTransaction(new Place(1, handed), Instant.now(), changes, null)));
      }
    }
  }
}
