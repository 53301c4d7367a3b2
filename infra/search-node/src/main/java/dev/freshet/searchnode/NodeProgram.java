package dev.freshet.searchnode;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.opensearch.Version;
import org.opensearch.analysis.common.CommonAnalysisModulePlugin;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;
import org.opensearch.plugins.PluginInfo;
import org.opensearch.transport.Netty4ModulePlugin;

/** The program of a node's process: OpenSearch with transport, HTTP and the languages' rules. */
final class NodeProgram {

  private NodeProgram() {}

  /** A node whose plugins are on the class path. */
  private static final class LocalNode extends Node {

    LocalNode(Environment environment) {
      super(
          environment,
          List.of(plugin(Netty4ModulePlugin.class), plugin(CommonAnalysisModulePlugin.class)),
          true);
    }

    private static PluginInfo plugin(Class<? extends Plugin> plugin) {
      return new PluginInfo(
          plugin.getName(),
          "of the class path",
          "NA",
          Version.CURRENT,
          System.getProperty("java.specification.version"),
          plugin.getName(),
          null,
          List.of(),
          false);
    }
  }

  /** Runs a node until it is told to stop: its folder, and its port for HTTP. */
  public static void main(String[] arguments) throws Exception {
    Node node =
        new LocalNode(
            InternalSettingsPreparer.prepareEnvironment(
                settings(Path.of(arguments[0]), arguments[1]), Map.of(), null, () -> "search"));
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  try {
                    node.close();
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  } finally {
                    stopped.countDown();
                  }
                }));
    node.start();
    stopped.await();
  }

  private static Settings settings(Path folder, String port) {
    return Settings.builder()
        .put("cluster.name", "freshet")
        .put("path.home", folder.toString())
        .put("path.data", folder.resolve("data").toString())
        .put("path.logs", folder.toString())
        .put("network.host", "127.0.0.1")
        .put("http.port", port)
        .put("transport.port", "0")
        .put("discovery.type", "single-node")
        // A development machine's disk is often nearly full, and its indices would be read-only.
        .put("cluster.routing.allocation.disk.threshold_enabled", false)
        .put("action.auto_create_index", false)
        .build();
  }
}
