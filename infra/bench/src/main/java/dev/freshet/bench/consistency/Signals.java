package dev.freshet.bench.consistency;

import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;

/** Sends signals that Java has no words for. */
final class Signals {

  private Signals() {}

  /** To a process and all that it has started; what ends meanwhile is passed over. */
  static void send(String name, ProcessHandle process) throws IOException, InterruptedException {
    List<ProcessHandle> all = Stream.concat(Stream.of(process), process.descendants()).toList();
    for (ProcessHandle one : all) {
      new ProcessBuilder("kill", "-" + name, Long.toString(one.pid()))
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    }
  }
}
