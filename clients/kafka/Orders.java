import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Prints what becomes of orders: java -cp 'kafka-clients-4.3.0.jar:…' Orders.java BROKER TOPIC */
class Orders {
  public static void main(String[] arguments) {
    Map<String, Object> properties =
        Map.of(
            "bootstrap.servers", arguments[0],
            "group.id", "orders-example-java",
            "auto.offset.reset", "earliest",
            "isolation.level", "read_committed"); // nothing of what was given up
    try (var consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of(arguments[1]));
      while (true) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
          String position = new String(record.headers().lastHeader("freshet-position").value());
          System.out.println(position + " " + record.key() + " " + record.value());
        }
      }
    }
  }
}
