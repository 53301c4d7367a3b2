package dev.freshet.sync;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.sync.log.LogAddress;
import dev.freshet.sync.log.LogInspection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The primary is replaced while a log stands between: what it says of that, and copies make of it.
 */
class PromotionViaLogIT extends PromotionTest {

  @Override
  boolean viaLog() {
    return true;
  }

  @Override
  String sources() {
    return either();
  }

  private List<String> entries() {
    List<String> entries = new ArrayList<>();
    new LogInspection(new LogAddress(requireNonNull(broker).bootstrap(), database).access(Map.of()))
        .cat(null, entries::add);
    return entries;
  }

  @Test
  void aLogGoesOnWhereNothingWasLost() throws Exception {
    // A copy would take this row away.
    execute(readServer(), "insert into public.orders values (-1, 'only here')");
    awaitSlotOfReplica();
    onPrimary("insert into orders values (100, 'before')");
    awaitInStep("orders");
    await(() -> query(replica(), "select count(*) from orders where id = 100").equals("1"));
    primary().process().orElseThrow().destroyForcibly();
    execute(replica(), "select pg_promote()");
    execute(replica(), "insert into orders values (200, 'after')");
    await(() -> read("select count(*) from read.orders where id in (100, 200)").equals("2"));
    assertThat(read("select count(*) from public.orders where id = -1")).isEqualTo("1");
    assertThat(read("select timeline from freshet.position")).isEqualTo("2");
    assertThat(entries()).anyMatch(entry -> entry.startsWith("{\"kind\":\"timeline\""));
    assertThat(entries()).noneMatch(entry -> entry.startsWith("{\"kind\":\"gap\""));
  }

  @Test
  void aLogThatHasMoreThanTheNewPrimarySaysSoAndCopiesAreMadeAnew() throws Exception {
    cutOff();
    onPrimary("insert into orders values (100, 'lost')");
    awaitInStep("orders");
    primary().process().orElseThrow().destroyForcibly();
    promoteAndGoOn();
    await(() -> read("select count(*) from read.orders where id = 200").equals("1"));
    assertThat(read("select count(*) from read.orders where id = 100")).isEqualTo("0");
    assertThat(read(hashes("read.orders"))).isEqualTo(query(replica(), hashes("orders")));
    assertThat(read("select timeline from freshet.position")).isEqualTo("2");
    assertThat(entries()).anyMatch(entry -> entry.startsWith("{\"kind\":\"gap\""));
  }
}
