package dev.freshet.sync.topic;

import dev.freshet.sync.source.SourceTransaction;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Somewhere that transactions go to beside the log, in the same transactions of Kafka. */
public interface Outlet {

  /** Makes what a transaction needs there, before the transaction of Kafka begins. */
  default void prepare(SourceTransaction transaction) {}

  /**
   * Hands on what a transaction becomes there.
   *
   * @param records takes the records, in order
   */
  void write(SourceTransaction transaction, Consumer<ProducerRecord<byte[], byte[]>> records);
}
