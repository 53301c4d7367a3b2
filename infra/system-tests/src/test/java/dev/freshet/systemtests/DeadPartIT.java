package dev.freshet.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.freshet.bench.Restaurant;
import dev.freshet.bench.UpProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeadPartIT {

  @TempDir Path folder;

  @Test
  void readersThatDieAreReportedAndTakeNoRequestWithThem() throws Exception {
    try (UpProcess up = UpProcess.start(folder, 23_000, "--processes")) {
      up.awaitReady();
      Load load = Load.start(up.gateway(), 4, Integer.MAX_VALUE);
      load.awaitOrders(20);
      up.part("read-1").destroyForcibly();
      load.awaitOrders(load.acknowledged.size() + 50);
      up.part("replica-1").destroyForcibly();
      load.awaitOrders(load.acknowledged.size() + 50);
      load.stop();

      assertThat(load.failures).isEmpty();
      assertThat(load.broken).hasValue(0);
      assertThat(up.output())
          .contains("read-1 (process ")
          .contains("replica-1 (process ")
          .contains("ended unasked with status 137; the others go on");
      String status = new Restaurant(up.operators()).get("/api/status").body();
      assertThat(status).contains("\"ok\":false").contains("\"state\":\"down\"");
      Copies.assertEqualRowByRow(up, 2);
    }
  }

  @Test
  void serverThatDiesIsNamedWithWhatStartsItAgain() throws Exception {
    try (UpProcess up = UpProcess.start(folder, 23_000, "--replicas", "1")) {
      up.awaitReady();
      up.server("replica-1").destroyForcibly();
      await()
          .untilAsserted(
              () -> assertThat(up.output()).contains("PostgreSQL replica-1 has ended unasked"));
      String start =
          up.output()
              .lines()
              .filter(line -> line.contains("Start it again with: "))
              .map(line -> line.replaceFirst(".*Start it again with: ", ""))
              .findFirst()
              .orElseThrow();
      Process again =
          new ProcessBuilder("sh", "-c", start)
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("again.txt").toFile())
              .start();
      assertThat(again.waitFor()).as(Files.readString(folder.resolve("again.txt"))).isZero();
      await()
          .untilAsserted(
              () -> assertThat(up.output()).contains("PostgreSQL replica-1 runs again."));
      assertThat(up.stop()).isZero();
      assertThat(up.output().lines().filter(line -> line.contains("ended unasked"))).hasSize(1);
    }
  }

  @Test
  void partsEndWithTheProcessThatStartedThem() throws Exception {
    try (UpProcess up = UpProcess.start(folder, 23_000, "--processes", "--replicas", "0")) {
      up.awaitReady();
      var parts = up.parts();
      assertThat(parts).hasSizeGreaterThanOrEqualTo(5);
      up.process().destroyForcibly().waitFor();
      Instant end = Instant.now().plus(Duration.ofSeconds(30));
      while (parts.stream().anyMatch(ProcessHandle::isAlive)) {
        assertThat(Instant.now()).isBefore(end);
        LockSupport.parkNanos(20_000_000);
      }
      up.killEverything();
    }
  }
}
