package dev.freshet.searchnode;

import dev.freshet.process.JavaProcess;
import dev.freshet.process.ProcessFailed;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * An OpenSearch node on loopback, a cluster by itself: a process of its own, whose folder is
 * resumed.
 */
public final class SearchNode implements AutoCloseable {

  private static final String NAME = "search";
  private static final int OK = 200;
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(5);

  private final HttpClient http = HttpClient.newHttpClient();
  private final int port;
  private final JavaProcess process;

  private SearchNode(int port, JavaProcess process) {
    this.port = port;
    this.process = process;
  }

  /**
   * Starts it, without waiting for it.
   *
   * @param folder its own; made where there is none
   * @param port where clients connect
   * @throws ProcessFailed when it can't be started
   */
  public static SearchNode launch(Path folder, int port) {
    try {
      JavaProcess.prepare(folder, NAME, List.of());
      JavaProcess.requireFree(
          port, "the search store", "move all databases with --database-port-base");
      return new SearchNode(
          port,
          JavaProcess.start(
              folder,
              NAME,
              classPath(),
              List.of(
                  "-Xmx512m",
                  "--enable-native-access=ALL-UNNAMED",
                  "--add-modules=jdk.incubator.vector"),
              List.of(NodeProgram.class.getName(), folder.toString(), Integer.toString(port))));
    } catch (IOException e) {
      throw new ProcessFailed(
          "The search store's folder %s can't be used (%s).".formatted(folder, e.getMessage()), e);
    }
  }

  /** The same, and returns once it answers. */
  public static SearchNode start(Path folder, int port) {
    SearchNode node = launch(folder, port);
    node.awaitReady();
    return node;
  }

  private static String classPath() {
    Path build = JavaProcess.built("infra/search-node/target");
    return build.resolve("opensearch/*") + File.pathSeparator + build.resolve("classes");
  }

  /** Ends one that a killed parent has left in its folder. */
  public static void endLeftOver(Path folder) throws IOException {
    JavaProcess.endLeftOver(folder, NAME);
  }

  /**
   * Waits until it answers and has all its indices, a minute at most.
   *
   * @throws ProcessFailed when it ends, or does not answer; it is killed
   */
  public void awaitReady() {
    process.awaitReady(() -> JavaProcess.takesConnections(port) && isReady());
  }

  private boolean isReady() {
    try {
      return http.send(
                  HttpRequest.newBuilder(
                          URI.create(url() + "/_cluster/health?wait_for_status=yellow&timeout=1s"))
                      .timeout(ANSWER_WITHIN)
                      .build(),
                  HttpResponse.BodyHandlers.discarding())
              .statusCode()
          == OK;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ProcessFailed("The search store was not waited for.", e);
    }
  }

  /** Where clients connect. */
  public String url() {
    return "http://127.0.0.1:" + port;
  }

  /** Its process. */
  public ProcessHandle process() {
    return process.handle();
  }

  /** Kills it, as a power failure would. */
  public void kill() {
    process.kill();
  }

  /** Starts it after it was killed, without waiting for it. */
  public void startAgain() {
    process.startAgain();
  }

  /** Stops it in order. */
  @Override
  public void close() {
    http.close();
    process.close();
  }
}
