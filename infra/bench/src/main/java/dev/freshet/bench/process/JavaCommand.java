package dev.freshet.bench.process;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Command lines of JVMs, with the options of the launcher. */
public final class JavaCommand {

  private JavaCommand() {}

  /** The command line's own jar, which holds every part. */
  public static Path freshetJar() {
    Path jar = ProjectHome.path().resolve("infra/local/target/freshet.jar");
    if (!Files.exists(jar)) {
      throw new IllegalStateException(jar + " is not there; build first, with ./freshet");
    }
    return jar;
  }

  /**
   * A command line.
   *
   * @param options further options of the JVM, its heap and collector among them
   * @param arguments the main class and what it is given
   */
  public static List<String> of(String classPath, List<String> options, List<String> arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseCompactObjectHeaders",
                "-Duser.timezone=UTC",
                "-Xlog:disable",
                "-Dfreshet.home=" + ProjectHome.path()));
    command.addAll(options);
    command.addAll(List.of("-cp", classPath));
    command.addAll(arguments);
    return command;
  }
}
