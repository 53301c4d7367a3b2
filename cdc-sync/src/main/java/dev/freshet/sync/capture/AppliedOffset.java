package dev.freshet.sync.capture;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import org.apache.kafka.connect.runtime.WorkerConfig;
import org.apache.kafka.connect.storage.OffsetBackingStore;
import org.apache.kafka.connect.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Tells the engine where to start: at the position that was applied, and nothing else.
 *
 * <p>A stored offset that also carries {@code lsn_proc} makes Debezium 3.6 drop rows on restart
 * (dbz#76). What the engine itself would store is kept for as long as it runs, as its task reads it
 * from here to confirm it to the slot; the next run starts from the position in the read database,
 * which stands with the rows.
 */
public final class AppliedOffset implements OffsetBackingStore {

  /** Property with the applied LSN as a decimal number; absent before the first copy. */
  static final String APPLIED_LSN = "offset.storage.applied.lsn";

  private @Nullable String appliedLsn;

  /** What was processed since the start; from it the task confirms to the slot. */
  private final Map<ByteBuffer, ByteBuffer> processed = new ConcurrentHashMap<>();

  @Override
  public void configure(WorkerConfig config) {
    appliedLsn = config.originalsStrings().get(APPLIED_LSN);
  }

  @Override
  public void start() {}

  @Override
  public void stop() {}

  @Override
  public Future<Map<ByteBuffer, ByteBuffer>> get(Collection<ByteBuffer> keys) {
    Map<ByteBuffer, ByteBuffer> offsets = new HashMap<>();
    if (!processed.isEmpty()) {
      keys.forEach(key -> offsets.put(key, processed.get(key)));
    } else if (appliedLsn != null) {
      byte[] offset = "{\"lsn\":%s}".formatted(appliedLsn).getBytes(StandardCharsets.UTF_8);
      keys.forEach(key -> offsets.put(key, ByteBuffer.wrap(offset)));
    }
    return CompletableFuture.completedFuture(offsets);
  }

  @Override
  @SuppressWarnings("NullAway") // Kafka Connect's callback takes null for no error
  public Future<Void> set(Map<ByteBuffer, ByteBuffer> values, Callback<Void> callback) {
    processed.putAll(values);
    if (callback != null) {
      callback.onCompletion(null, null);
    }
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public Set<Map<String, Object>> connectorPartitions(String connectorName) {
    return Set.of();
  }
}
