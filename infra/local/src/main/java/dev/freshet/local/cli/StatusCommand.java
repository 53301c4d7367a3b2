package dev.freshet.local.cli;

import dev.freshet.local.system.StartFailed;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

@Command(
    name = "status",
    description = "Tells how the system is; exits with status 1 if anything is wrong.")
final class StatusCommand implements Callable<Integer> {

  private static final Duration EVERY = Duration.ofSeconds(1);

  /** Of a terminal: to the upper left, and nothing after it (ECMA-48). */
  private static final String CLEAR = "\033[H\033[J";

  @Option(names = "--json", description = "Prints the answer of /api/status as it is.")
  private boolean json;

  @Option(names = "--watch", description = "Repeats it every second, until Ctrl-C.")
  private boolean watch;

  @Mixin private GatewayApi gateway = new GatewayApi();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    while (watch) {
      try {
        show(json ? "" : CLEAR);
      } catch (StartFailed e) {
        spec.commandLine().getErr().println(e.getMessage()); // it may come back
        spec.commandLine().getErr().flush();
      }
      Thread.sleep(EVERY);
    }
    return show("");
  }

  private int show(String before) throws InterruptedException {
    String body = gateway.api().get("/api/status");
    JsonNode status = gateway.api().parse(body);
    PrintWriter out = spec.commandLine().getOut();
    out.print(before);
    if (json) {
      out.println(body);
    } else {
      print(out, status);
    }
    out.flush();
    return status.path("verdict").path("ok").asBoolean(false) ? 0 : 1;
  }

  private static void print(PrintWriter out, JsonNode status) {
    out.println(status.path("verdict").path("text").asString());
    for (JsonNode problem : status.path("verdict").path("problems")) {
      out.printf(
          "- %s %s (docs/runbook.md#%s)%n",
          problem.path("text").asString(),
          problem.path("remedy").asString(),
          problem.path("code").asString());
    }
    out.println();
    out.printf(
        "%-16s %-14s %-10s %-16s %10s %12s %10s%n",
        "instance", "kind", "state", "position", "lag", "behind", "in flight");
    for (JsonNode i : status.path("instances")) {
      out.printf(
          "%-16s %-14s %-10s %-16s %10s %12s %10s%n",
          i.path("id").asString(),
          i.path("kind").asString(),
          i.path("state").asString(),
          orUnknown(i.path("position")),
          seconds(i.path("lagSeconds")),
          bytes(i.path("lagBytes")),
          i.path("inFlight").asString());
    }
    for (JsonNode p : status.path("publish")) {
      out.printf(
          "%npublisher of %s: %s, %s behind, slot holds back %s. %s%n",
          p.path("log").asString(p.path("url").asString("?")),
          p.path("state").asString(),
          seconds(p.path("lagSeconds")),
          bytes(p.path("slotRetainedBytes")),
          p.path("reason").asString(""));
    }
    for (JsonNode s : status.path("sync")) {
      String log = s.path("log").asString(null);
      out.printf(
          "%nsync of %s: %s, %s behind, %s. %s%n",
          s.path("readDatabase").asString(s.path("url").asString("?")),
          s.path("state").asString(),
          seconds(s.path("lagSeconds")),
          log == null ? "slot holds back " + bytes(s.path("slotRetainedBytes")) : "follows " + log,
          s.path("reason").asString(""));
      if (s.path("progress").isObject()) {
        out.println(ProgressBar.of(s.path("progress")));
      }
    }
    if (!status.path("models").isEmpty()) {
      out.printf("%n%-24s %12s %-12s %s%n", "model", "rows", "state", "kept");
      for (JsonNode m : status.path("models")) {
        out.printf(
            "%-24s %12s %-12s %s%n",
            m.path("name").asString(),
            orUnknown(m.path("rows")),
            m.path("state").asString(),
            m.path("kept").asString());
      }
    }
  }

  private static String orUnknown(JsonNode value) {
    return value.isMissingNode() || value.isNull() ? "unknown" : value.asString();
  }

  private static String seconds(JsonNode value) {
    return value.isNumber() ? "%.3f s".formatted(value.asDouble()) : "unknown";
  }

  private static String bytes(JsonNode value) {
    return value.isNumber() ? value.asLong() + " B" : "unknown";
  }
}
