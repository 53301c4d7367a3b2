package dev.freshet.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigValue;
import org.junit.jupiter.api.Test;

class FreshetConnectorTest {

  private static final Map<String, String> RIGHT =
      Map.of(
          "primary", "postgresql://app:secret@db:5432/shop",
          "log", "kafka://one:9092,two:9092/shop",
          "topics", "public.orders,public.menu_item",
          "broker.properties.security.protocol", "SSL");

  private static List<String> errors(Map<String, String> changed) {
    Map<String, String> settings = new HashMap<>(RIGHT);
    settings.putAll(changed);
    return new FreshetConnector()
        .validate(settings).configValues().stream()
            .map(ConfigValue::errorMessages)
            .flatMap(List::stream)
            .toList();
  }

  @Test
  void eachTaskPublishesWithAPortOfItsOwn() {
    FreshetConnector connector = new FreshetConnector();
    connector.start(RIGHT);
    List<Map<String, String>> tasks = connector.taskConfigs(2);
    assertThat(tasks).extracting(task -> task.get("port")).containsExactly("8105", "8106");
    assertThat(new ConnectorSettings(tasks.getLast()).ofPublisher())
        .containsEntry("freshet.publish.primary", "postgresql://app:secret@db:5432/shop")
        .containsEntry("freshet.publish.broker", "one:9092,two:9092")
        .containsEntry("freshet.publish.name", "shop")
        .containsEntry("freshet.publish.topics", "public.orders,public.menu_item")
        .containsEntry("freshet.broker.properties.security.protocol", "SSL")
        .containsEntry("server.address", "127.0.0.1")
        .containsEntry("server.port", 8106)
        .doesNotContainKeys("freshet.publish.outbox", "freshet.publish.models");
  }

  @Test
  void invalidSettingsAreRejected() {
    assertThat(errors(Map.of())).isEmpty();
    assertThat(errors(Map.of("log", "shop")))
        .containsExactly(
            "Invalid value shop for configuration log: 'shop' is no address of a log. Write kafka://HOST:PORT/NAME.");
    assertThat(errors(Map.of("topics", "public.orders,a.b.c"))).hasSize(1);
    assertThat(errors(Map.of("outbox", "a.b.c"))).hasSize(1);
    assertThat(errors(Map.of("port", "0"))).hasSize(1);
    assertThat(errors(Map.of("listen", "everywhere"))).hasSize(1);
    assertThat(errors(Map.of("listen", "0.0.0.0")))
        .containsExactly(
            "Beyond loopback the tasks answer only those who send an operator.token of at least 16 characters; make one with: openssl rand -base64 24");
    assertThat(errors(Map.of("listen", "0.0.0.0", "operator.token", "x".repeat(16)))).isEmpty();
  }

  @Test
  void aPasswordIsNotInAnyMessage() {
    assertThat(errors(Map.of("primary", "mysql://app:secret@db/shop")))
        .containsExactly(
            "primary is no URL of a database. Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE.");
  }
}
