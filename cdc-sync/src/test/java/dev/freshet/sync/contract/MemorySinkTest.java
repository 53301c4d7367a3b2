package dev.freshet.sync.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelDeltas;
import dev.freshet.sync.delta.ModelShape;
import dev.freshet.sync.delta.ModelSink;
import dev.freshet.sync.source.Place;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows in memory keep what a sink promises, and a sink that does not is found out. */
class MemorySinkTest {

  @ParameterizedTest
  @EnumSource
  void promiseIsKept(SinkLaws law) throws Exception {
    try (ModelSink sink = new MemorySink()) {
      law.hold(sink);
    }
  }

  /** What a sink may do wrong, and the law that it breaks. */
  enum Fault {
    FORGETS_A_KEY(SinkLaws.ROWS_ARE_WHAT_THE_DELTAS_SAY),
    KEEPS_WHAT_IS_REMOVED(SinkLaws.ROWS_ARE_WHAT_THE_DELTAS_SAY),
    SHOWS_HALF_A_BATCH(SinkLaws.READERS_SEE_BATCHES_WHOLE),
    GOES_BACK(SinkLaws.IT_NEVER_GOES_BACK),
    SERVES_WHAT_IS_RESET(SinkLaws.WHAT_IS_RESET_IS_NOT_SERVED),
    GOES_ON_REBUILDING(SinkLaws.RESET_ENDS_A_REBUILDING),
    KEEPS_WHAT_WAS_ELSEWHERE(SinkLaws.WHAT_IS_FROM_ANOTHER_PLACE_IS_NOT_SERVED);

    private final SinkLaws law;

    Fault(SinkLaws law) {
      this.law = law;
    }
  }

  @ParameterizedTest
  @EnumSource
  void sinkWithAFaultIsFoundOut(Fault fault) throws Exception {
    try (ModelSink sink = new FaultySink(fault)) {
      assertThat(brokenBy(fault.law, sink)).as("%s broke it", fault).isNotEmpty();
    }
  }

  private static String brokenBy(SinkLaws law, ModelSink sink) throws Exception {
    try {
      law.hold(sink);
      return "";
    } catch (AssertionError e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** Does what it is told to a sound one, but for its fault. */
  private static final class FaultySink implements ModelSink {

    private final MemorySink sound = new MemorySink();
    private final Fault fault;
    private int batches;

    private FaultySink(Fault fault) {
      this.fault = fault;
    }

    @Override
    public void apply(ModelDeltas deltas) {
      batches++;
      switch (fault) {
        case FORGETS_A_KEY, KEEPS_WHAT_IS_REMOVED -> sound.apply(changed(deltas));
        case SHOWS_HALF_A_BATCH -> {
          for (ModelDelta half : deltas.models().reversed()) {
            sound.apply(new ModelDeltas(deltas.place(), List.of(half)));
            // The half lasts long enough for a reader on the same core.
            LockSupport.parkNanos(1);
          }
        }
        case GOES_BACK ->
            sound.apply(
                new ModelDeltas(
                    sound
                        .place()
                        .filter(at -> at.compareTo(deltas.place()) > 0)
                        .orElse(deltas.place()),
                    deltas.models()));
        case KEEPS_WHAT_WAS_ELSEWHERE -> sound.apply(deltas);
        case SERVES_WHAT_IS_RESET, GOES_ON_REBUILDING ->
            sound.apply(
                new ModelDeltas(
                    deltas.place(),
                    deltas.models().stream().filter(ModelDelta.Rows.class::isInstance).toList()));
      }
    }

    private ModelDeltas changed(ModelDeltas deltas) {
      List<ModelDelta> models = new ArrayList<>();
      for (ModelDelta delta : deltas.models()) {
        models.add(delta instanceof ModelDelta.Rows rows ? changed(rows) : delta);
      }
      return new ModelDeltas(deltas.place(), models);
    }

    private ModelDelta changed(ModelDelta.Rows rows) {
      Map<List<@Nullable String>, List<@Nullable String>> upserted =
          new LinkedHashMap<>(rows.upserted());
      Set<List<@Nullable String>> removed = new LinkedHashSet<>(rows.removed());
      if (batches > 16) {
        (fault == Fault.FORGETS_A_KEY ? upserted.keySet() : removed)
            .removeAll(
                fault == Fault.FORGETS_A_KEY
                    ? List.copyOf(upserted.keySet())
                    : List.copyOf(removed));
      }
      return new ModelDelta.Rows(rows.shape(), removed, upserted);
    }

    @Override
    public void begin(Place at) {
      if (fault != Fault.KEEPS_WHAT_WAS_ELSEWHERE || sound.place().isEmpty()) {
        sound.begin(at);
      }
    }

    @Override
    public Optional<Place> place() {
      return sound.place();
    }

    @Override
    public Rebuild rebuild(ModelShape shape) {
      return sound.rebuild(shape);
    }

    @Override
    public Optional<Collection<List<@Nullable String>>> rows(String model) {
      return sound.rows(model);
    }

    @Override
    public void close() {
      sound.close();
    }
  }
}
