package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.bench.process.ProjectHome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The command line in a process of its own, run to its end. */
final class CommandLine {

  private static final Path JAR = ProjectHome.path().resolve("infra/local/target/freshet.jar");

  private CommandLine() {}

  /** How it ended, and all that it printed. */
  record Ended(int status, String output) {}

  static Ended run(Map<String, String> environment, String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dfreshet.home=" + ProjectHome.path(),
                "-cp",
                JAR.toString(),
                "dev.freshet.local.Freshet"));
    command.addAll(List.of(arguments));
    return ended(new ProcessBuilder(command), environment);
  }

  static Ended ended(ProcessBuilder builder, Map<String, String> environment)
      throws IOException, InterruptedException {
    builder.environment().putAll(environment);
    Process process = builder.redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Ended(process.exitValue(), output);
  }
}
