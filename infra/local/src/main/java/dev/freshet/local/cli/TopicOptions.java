package dev.freshet.local.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Topics for other teams, beside a log. */
final class TopicOptions {

  @Option(
      names = "--topics",
      paramLabel = "TABLE",
      split = ",",
      description = "Tables that get a topic each for other teams, such as public.orders.")
  private List<String> topics = List.of();

  @Option(
      names = "--outbox",
      paramLabel = "TABLE",
      description = "A table of messages for other teams, by topic, such as public.outbox.")
  private @Nullable String outbox;

  List<String> topics() {
    return topics;
  }

  @Nullable String outbox() {
    return outbox;
  }
}
