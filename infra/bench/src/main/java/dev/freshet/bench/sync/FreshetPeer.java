package dev.freshet.bench.sync;

import dev.freshet.sync.SyncBackend;
import dev.freshet.sync.delta.DeltaListener;
import dev.freshet.sync.delta.ModelDelta;
import dev.freshet.sync.delta.ModelDeltas;
import dev.freshet.sync.publish.PublishBackend;
import dev.freshet.sync.source.Place;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** A sync or a publisher in a process of its own. */
final class FreshetPeer {

  /** The argument that has it tell somebody what changes in its models. */
  static final String TOLD = "told";

  private FreshetPeer() {}

  /** Counts rows, so that they are used. */
  static final class Counting implements DeltaListener {

    private final LongAdder rows = new LongAdder();

    @Override
    public void begin(Place at) {
      rows.reset();
    }

    @Override
    public void changed(ModelDeltas deltas) {
      for (ModelDelta delta : deltas.models()) {
        if (delta instanceof ModelDelta.Rows some) {
          rows.add(some.removed().size() + some.upserted().size());
        }
      }
    }
  }

  /**
   * Runs until it is killed.
   *
   * @param settings {@code name=value} each, or {@link #TOLD}
   */
  public static void main(String[] settings) {
    Map<String, String> properties = new HashMap<>();
    boolean told = false;
    for (String setting : settings) {
      if (setting.equals(TOLD)) {
        told = true;
        continue;
      }
      int equals = setting.indexOf('=');
      properties.put(setting.substring(0, equals), setting.substring(equals + 1));
    }
    if (properties.containsKey("freshet.publish.name")) {
      PublishBackend.start(properties);
      return;
    }
    SyncBackend.start(properties, told ? new Class<?>[] {Counting.class} : new Class<?>[0]);
  }
}
