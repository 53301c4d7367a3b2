package dev.freshet.local.system;

import dev.freshet.postgres.RootCause;
import dev.freshet.searchnode.SearchNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The process of the search store that a system brings along. */
final class SearchStoreProcess implements AutoCloseable {

  private static final String FOLDER = "search";

  private final CompletableFuture<@Nullable SearchNode> node;
  private final Path log;
  private final Consumer<String> report;
  private volatile boolean isClosing;

  private SearchStoreProcess(
      CompletableFuture<@Nullable SearchNode> node, Path log, Consumer<String> report) {
    this.node = node;
    this.log = log;
    this.report = report;
  }

  /**
   * Begins to start it, where one is wanted. Nobody else may use the data folder; what a killed
   * parent has left there is ended, wanted or not.
   *
   * @throws StartFailed when the follower's port is taken
   */
  static SearchStoreProcess begin(SystemOptions options, Consumer<String> report) {
    Path folder = options.cluster().data().resolve(FOLDER);
    try {
      SearchNode.endLeftOver(folder);
    } catch (IOException e) {
      throw new StartFailed("The folder %s can't be read: %s".formatted(folder, e.getMessage()), e);
    }
    if (options.search()) {
      LocalSystem.requireFree(options.followPort(), "the follower of the search store");
    }
    return new SearchStoreProcess(
        CompletableFuture.supplyAsync(
            () -> options.search() ? SearchNode.start(folder, options.searchPort()) : null),
        folder.resolve("search.log"),
        report);
  }

  /**
   * Waits for it.
   *
   * @throws StartFailed when it can't be started
   */
  void awaitStarted() {
    try {
      SearchNode started = node.join();
      if (started != null) {
        CompletableFuture<Void> _ =
            started
                .process()
                .onExit()
                .thenAccept(
                    ended -> {
                      if (!isClosing) {
                        report.accept(
                            "The search store (process %d) ended unasked. Other copies answer until Freshet is started again. Its log is %s."
                                .formatted(ended.pid(), log));
                      }
                    });
      }
    } catch (CompletionException e) {
      throw new StartFailed(RootCause.message(e), e);
    }
  }

  /** It is to end soon, which is no news then. */
  void beginToClose() {
    isClosing = true;
  }

  @Override
  public void close() {
    isClosing = true;
    try {
      SearchNode started = node.join();
      if (started != null) {
        started.close();
      }
    } catch (CompletionException e) {
      // It did not start, which was said.
    }
  }
}
