package dev.freshet.sync;

import dev.freshet.sync.publish.PublishBackend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A sync or a publisher in a process of its own, that can be killed. */
final class SyncProcess {

  private final Process process;

  private SyncProcess(Process process) {
    this.process = process;
  }

  /** What the process runs: settings as {@code name=value}. */
  public static void main(String[] settings) {
    Map<String, String> properties = new HashMap<>();
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      properties.put(setting.substring(0, equals), setting.substring(equals + 1));
    }
    if (properties.containsKey("freshet.publish.name")) {
      PublishBackend.start(properties);
    } else {
      SyncBackend.start(properties);
    }
  }

  /** Starts a publisher. */
  static SyncProcess startPublisher(Map<String, ?> properties, Path log) throws IOException {
    return start(properties, List.of(), log);
  }

  /**
   * Starts a sync.
   *
   * @param first a folder whose classes are found before all others, or an empty list
   */
  static SyncProcess start(Map<String, ?> properties, List<Path> first, Path log)
      throws IOException {
    List<String> classPath = new ArrayList<>(first.stream().map(Path::toString).toList());
    classPath.add(System.getProperty("java.class.path"));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-cp",
                String.join(":", classPath),
                SyncProcess.class.getName()));
    properties.forEach((name, value) -> command.add(name + "=" + value));
    return new SyncProcess(
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start());
  }

  /** Keeps it from doing anything, its connections included, until {@link #goOn}. */
  void halt() throws IOException, InterruptedException {
    signal("STOP");
  }

  void goOn() throws IOException, InterruptedException {
    signal("CONT");
  }

  private void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  void stop() throws InterruptedException {
    process.destroy();
    process.waitFor();
  }
}
