package dev.freshet.bench.process;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
   * The command line of Freshet itself, with the record of a start where there is one.
   *
   * @param first folders of classes that are found before Freshet's own
   * @param options further options of the JVM, its heap and collector among them
   * @param arguments a command and what it is given
   */
  public static List<String> ofFreshet(
      List<Path> first, List<String> options, List<String> arguments) {
    Path jar = freshetJar();
    List<String> all = new ArrayList<>(options);
    Path recordedStart = jar.resolveSibling("freshet.aot");
    if (Files.exists(recordedStart)) {
      all.add("-XX:AOTCache=" + recordedStart);
    }
    List<String> words = new ArrayList<>(List.of("dev.freshet.local.Freshet"));
    words.addAll(arguments);
    String classPath =
        Stream.concat(first.stream(), Stream.of(jar))
            .map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator));
    return of(classPath, all, words);
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
