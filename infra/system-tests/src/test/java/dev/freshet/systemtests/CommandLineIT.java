package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.bench.process.ProjectHome;
import dev.freshet.systemtests.CommandLine.Ended;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandLineIT {

  @TempDir Path folder;

  @Test
  void commandsThatWorkAreListedAndNoOthers() throws Exception {
    List<String> listed =
        freshet("--help")
            .output()
            .lines()
            .dropWhile(line -> !line.equals("Commands:"))
            .skip(1)
            .map(line -> line.strip().replaceFirst(" .*", ""))
            .toList();
    assertThat(listed)
        .containsExactly(
            "up",
            "database",
            "gateway",
            "write",
            "read",
            "sync",
            "publish",
            "follow",
            "log",
            "status",
            "routes",
            "models",
            "commands",
            "events",
            "init",
            "help");
  }

  @Test
  void wrongUsageEndsWithTwoAndHelpIsThereForEachCommand() throws Exception {
    assertThat(freshet("models", "verify", "--help"))
        .returns(0, Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("--source"));
    assertThat(freshet("frob").status()).isEqualTo(2);
    assertThat(freshet("up", "--replicas", "many"))
        .returns(2, Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("'many' is not an int"));
    String models = ProjectHome.path().resolve("infra/restaurant/models").toString();
    assertThat(
            freshet(
                "follow",
                "--read-database",
                "postgresql://x@h/d",
                "--search",
                "search:9200",
                "--models",
                models))
        .returns(1, Ended::status)
        .satisfies(
            ended ->
                assertThat(ended.output())
                    .contains("'search:9200' is not the address of a search store"));
    assertThat(freshet("read", "--source", "postgresql://x@h/d"))
        .returns(2, Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("--kind"));
    for (String part : List.of("gateway", "write", "read", "sync", "up")) {
      assertThat(freshet(part, "--operator-host=sync-1.internal,http://a:8110"))
          .as(part)
          .returns(2, Ended::status)
          .satisfies(
              ended -> assertThat(ended.output()).contains("'http://a:8110' is not a host name"));
    }
  }

  @Test
  void whatASyncNeedsOnTheSourceIsPrintedAndModelsAreReleased() throws Exception {
    String models = ProjectHome.path().resolve("infra/restaurant/models").toString();
    Ended setup = freshet("sync", "setup", "--print", "--models", models, "--id", "Read.1");
    assertThat(setup.status()).isZero();
    assertThat(setup.output())
        .contains("create role freshet_sync login replication;")
        .contains("grant select on table \"public\".\"order_item\" to freshet_sync;")
        .contains("create publication \"freshet_read_1\" for table \"public\".\"menu_item\"");
    assertThat(freshet("models", "release", "orders").output())
        .contains("drop view if exists read.\"orders\";");
    assertThat(freshet("models", "list", "--url", "http://127.0.0.1:1"))
        .returns(1, Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("No sync answers at"));
    assertThat(freshet("models").status()).isEqualTo(2);
    assertThat(freshet("sync", "--models", models))
        .returns(2, Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("--primary=URL"));
    assertThat(freshet("sync", "remove", "--id", "x").status()).isEqualTo(2);
  }

  @Test
  void portThatIsTakenIsNamedBeforeAnythingStarts() throws Exception {
    try (ServerSocket taken = new ServerSocket(24_010, 1, InetAddress.getLoopbackAddress())) {
      assertThat(taken.isBound()).isTrue();
      Ended ended = up();
      assertThat(ended.status()).isEqualTo(1);
      assertThat(ended.output())
          .contains("Port 24010, for the write-backend, is taken")
          .contains("--port-base");
      assertThat(folder.resolve("data/primary")).doesNotExist();
    }
  }

  @Test
  void folderThatCannotBeWrittenIsNamed() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    Ended ended = up("--data", file.resolve("data").toString());
    assertThat(ended.status()).isEqualTo(1);
    assertThat(ended.output()).contains("can't be written").contains("--data");
  }

  @Test
  void numberThatIsOutOfRangeIsNamed() throws Exception {
    assertThat(up("--replicas", "20").output()).contains("A cluster has 0 to 19 replicas, not 20");
    assertThat(up("--port-base", "65500").output()).contains("choose a base between");
  }

  @Test
  void configurationThatCannotBeUsedIsNamed() throws Exception {
    assertThat(up("--config", folder.resolve("nowhere").toString()))
        .returns(1, Ended::status)
        .satisfies(
            ended -> assertThat(ended.output()).contains("There is no configuration folder"));
    Files.createDirectories(folder.resolve("config"));
    Files.writeString(
        folder.resolve("config/routes.yaml"), "version: 1\nroutes: [ { id: a, pth: /x } ]\n");
    assertThat(
            freshet("gateway", "--config", folder.resolve("config").toString(), "--port", "24000"))
        .returns(1, Ended::status)
        .satisfies(
            ended ->
                assertThat(ended.output())
                    .contains("line 2, column 20: 'pth' is not a key here; did you mean path?"));
  }

  @Test
  void routesFileIsCheckedWithoutAGateway() throws Exception {
    assertThat(
            freshet(
                "routes",
                "validate",
                ProjectHome.path().resolve("infra/restaurant/routes.yaml").toString()))
        .returns(0, Ended::status)
        .satisfies(
            ended ->
                assertThat(ended.output())
                    .contains("can be used: 4 routes")
                    .contains("8 of 8 tests passed"));
    Path file = folder.resolve("routes.yaml");
    Files.writeString(
        file,
        """
        version: 1
        routes:
          - { id: a, path: /x, read: { pool: reader }, filters: [ AddReqestHeader=A, StripPrefix=many, TokenRelay= ] }
        """);
    assertThat(freshet("routes", "validate", file.toString()))
        .returns(1, Ended::status)
        .satisfies(
            ended ->
                assertThat(ended.output())
                    .contains(
                        file
                            + ", line 3, column 38: there is no pool 'reader'; did you mean readers?")
                    .contains(
                        "there is no filter 'AddReqestHeader'; did you mean AddRequestHeader?")
                    .contains("the arguments of filter StripPrefix don't fit; it takes parts")
                    .doesNotContain("TokenRelay"));
    Files.writeString(
        file, "version: 1\nroutes: [ { id: a, path: /x, read: { pool: readers } } ]\n");
    Files.writeString(
        folder.resolve("routes.test.yaml"),
        "version: 1\ntests: [ { request: GET /y, route: a } ]\n");
    assertThat(freshet("routes", "validate", file.toString()))
        .returns(1, Ended::status)
        .satisfies(
            ended ->
                assertThat(ended.output())
                    .contains("routes.test.yaml, line 2, column 36: GET /y: route is none, not a")
                    .contains("0 of 1 tests passed")
                    .contains("No test takes a."));
    assertThat(freshet("routes", "validate", "--listen", "0.0.0.0", file.toString()).output())
        .contains("does not say who may use it");
    assertThat(freshet("routes", "schema").output()).contains("\"$id\": \"urn:freshet:routes:1\"");
    assertThat(freshet("routes").status()).isEqualTo(2);
    assertThat(freshet("routes", "explain", "GET", "/x", "-H", "nothing").output())
        .contains("A header is written as 'NAME: VALUE', not 'nothing'");
    assertThat(freshet("routes", "explain", "GET", "/x", "--url", "http://127.0.0.1:1").output())
        .contains("No gateway answers at http://127.0.0.1:1");
  }

  @Test
  void partThatCannotStartSaysWhyInASentence() throws Exception {
    Path nowhere = folder.resolve("nowhere");
    assertThat(freshet("gateway", "--config", nowhere.toString()))
        .returns(1, Ended::status)
        .satisfies(
            ended ->
                assertThat(ended.output())
                    .contains("Name a folder that holds it with --config.")
                    .doesNotContain("\tat "));
    Path sample = ProjectHome.path().resolve("infra/restaurant");
    assertThat(freshet("gateway", "--config", sample.toString()))
        .returns(1, Ended::status)
        .satisfies(
            ended ->
                assertThat(ended.output())
                    .contains("there is no pool 'readers', and none at all")
                    .doesNotContain("\tat "));
    assertThat(freshet("read", "--source", "postgresql://x@h/d", "--kind", "banana", "--id", "x"))
        .satisfies(ended -> assertThat(ended.output()).contains("banana").doesNotContain("\tat "));
  }

  @Test
  void optionsThatASearchStoreCantFollowAreRefused() throws Exception {
    String[] read = {"read", "--kind", "search", "--id", "s", "--source", "http://127.0.0.1:1"};
    for (List<String> wrong :
        List.of(
            List.of("--roles", "web"),
            List.of("--role", "web"),
            List.of("--cost-ceiling", "10"),
            List.of("--password-file", "none"))) {
      assertThat(freshet(Stream.concat(Stream.of(read), wrong.stream()).toArray(String[]::new)))
          .returns(1, Ended::status)
          .satisfies(ended -> assertThat(ended.output()).contains("A search store has no roles"));
    }
    assertThat(freshet("read", "--kind", "replica", "--id", "s", "--source", "http://127.0.0.1:1"))
        .returns(1, Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("read it with --kind search"));
    String[] follow = {
      "follow",
      "--read-database",
      "postgresql://x@127.0.0.1:1/d",
      "--search",
      "http://127.0.0.1:1",
      "--models",
      "none"
    };
    for (List<String> wrong : List.of(List.of("--name", "Bad/Name"), List.of("--replicas", "-1"))) {
      assertThat(freshet(Stream.concat(Stream.of(follow), wrong.stream()).toArray(String[]::new)))
          .returns(1, Ended::status)
          .satisfies(ended -> assertThat(ended.output()).contains(wrong.getFirst() + " takes "));
    }
  }

  @Test
  void optionsComeFromTheEnvironmentAndFromTheFileToo() throws Exception {
    Files.createDirectories(folder.resolve("config"));
    Files.writeString(folder.resolve("config/freshet.yaml"), "freshet: { up: { replicas: 21 } }\n");
    assertThat(
            CommandLine.run(Map.of(), "up", "--config", folder.resolve("config").toString())
                .output())
        .contains("not 21");
    assertThat(
            CommandLine.run(
                    Map.of("FRESHET_UP_REPLICAS", "22"),
                    "up",
                    "--config",
                    folder.resolve("config").toString())
                .output())
        .contains("not 22");
    assertThat(CommandLine.run(Map.of("FRESHET_REPLICAS", "23"), "up", "--replicas", "24").output())
        .contains("not 24");
  }

  @Test
  void operatorsEndpointsBeyondLoopbackNeedAToken() throws Exception {
    Path config = routesToNobody();
    assertThat(
            freshet(
                "gateway",
                "--config=" + config,
                "--data=" + folder.resolve("keys"),
                "--port=24011",
                "--operator-port=24012",
                "--operator-listen=0.0.0.0"))
        .returns(1, Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("without a token"));
    assertThat(
            freshet(
                "sync",
                "--primary=postgresql://x@127.0.0.1:1/x",
                "--read-database=postgresql://x@127.0.0.1:1/y",
                "--models=" + config,
                "--port=24013",
                "--listen=0.0.0.0"))
        .returns(1, Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("without a token"));
    assertThat(freshet("status", "--operator-token-file=" + config.resolve("none")))
        .returns(1, Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("none can't be read"));
  }

  @Test
  void whatCannotWorkIsNamedBeforeAnythingStarts() throws Exception {
    Path config = routesToNobody();
    assertThat(gateway(config, "--max-body=lots"))
        .returns(2, Ended::status)
        .satisfies(
            ended ->
                assertThat(ended.output())
                    .contains("'lots' is no size; write one such as 8KB or 10MB"));
    assertThat(gateway(config, "--head-timeout=0s"))
        .returns(2, Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("'0s' is no time"));
    assertThat(gateway(config, "--port=99999"))
        .returns(2, Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("--port is 99999; a port is"));
    assertThat(gateway(config, "--port=24011", "--operator-port=24011"))
        .returns(2, Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("must be different ports"));
    assertThat(gateway(config, "--listen=192.0.2.1"))
        .returns(1, Ended::status)
        .satisfies(
            ended ->
                assertThat(ended.output()).contains("192.0.2.1 is no address of this machine"));
    assertThat(
            gateway(
                config,
                "--port=24011",
                "--operator-port=24012",
                "--session-keys=" + config.resolve("nokeys")))
        .returns(1, Ended::status)
        .satisfies(
            ended -> assertThat(ended.output()).contains("nokeys can't be read (NoSuchFile"));
    assertThat(freshet("status", "--url", "localhost"))
        .returns(1, Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("write --url http://HOST:PORT"));
  }

  /** A configuration folder with routes that can be used, to an instance that is not there. */
  private Path routesToNobody() throws Exception {
    Path config = Files.createDirectory(folder.resolve("own"));
    Files.writeString(
        config.resolve("routes.yaml"),
        """
        version: 1
        routes: [ { id: all, path: /**, read: { pool: one } } ]
        pools: { one: { instances: [ { id: one, url: "http://127.0.0.1:1" } ] } }
        """);
    return config;
  }

  private Ended gateway(Path config, String... more) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of("gateway", "--config=" + config, "--data=" + folder.resolve("keys")));
    arguments.addAll(List.of(more));
    return freshet(arguments.toArray(String[]::new));
  }

  @Test
  void statusWithoutASystemSaysHowToStartOne() throws Exception {
    assertThat(freshet("status", "--url", "http://127.0.0.1:24001"))
        .returns(1, Ended::status)
        .satisfies(ended -> assertThat(ended.output()).contains("No gateway answers at"));
  }

  @Test
  void launcherWithoutAJdkSaysWhatToInstall() throws Exception {
    Path script = folder.resolve("freshet");
    // The same script where it can find no JDK: all places that it looks at are gone.
    Files.writeString(
        script,
        Files.readString(ProjectHome.path().resolve("freshet"))
            .replace("/usr/lib/jvm/* /opt/java/* /opt/jdk* /usr/java/*", "/nowhere/*"));
    Ended ended =
        CommandLine.ended(
            new ProcessBuilder("/bin/sh", script.toString(), "up"),
            Map.of("JAVA_HOME", "", "PATH", "/bin", "HOME", folder.toString()));
    assertThat(ended.status()).isEqualTo(1);
    assertThat(ended.output()).startsWith("Freshet needs a JDK 25 or later.").hasLineCount(1);
  }

  private Ended up(String... more) throws Exception {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("up", "--port-base", "24000", "--database-port-base", "24250"));
    if (!List.of(more).contains("--data")) {
      arguments.addAll(List.of("--data", folder.resolve("data").toString()));
    }
    List<String> later = List.of(more);
    for (int i = 0; i < later.size(); i += 2) {
      int at = arguments.indexOf(later.get(i));
      if (at >= 0) {
        arguments.set(at + 1, later.get(i + 1));
      } else {
        arguments.addAll(later.subList(i, i + 2));
      }
    }
    return freshet(arguments.toArray(String[]::new));
  }

  private static Ended freshet(String... arguments) throws Exception {
    return CommandLine.run(Map.of(), arguments);
  }
}
