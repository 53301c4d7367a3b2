package dev.freshet.read;

import com.zaxxer.hikari.HikariDataSource;
import dev.freshet.postgres.ConnectionPool;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.protocol.SourceKind;
import dev.freshet.read.event.EventLog;
import dev.freshet.read.event.EventSignals;
import dev.freshet.read.sql.SqlStore;
import dev.freshet.read.store.ModelStore;
import dev.freshet.runtime.Drain;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.SteadyClock;
import dev.freshet.runtime.source.FreshnessGate;
import dev.freshet.runtime.source.Source;
import dev.freshet.runtime.trace.Tracing;
import javax.sql.DataSource;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.scheduler.Scheduler;

/** What a read-backend of a PostgreSQL has. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnExpression("!'search'.equals('${freshet.read.kind}')")
class SqlCopy {

  /**
   * A read that is given up closes its connection; the query ends soon after, where the server's
   * platform can tell (Linux and a few more).
   */
  private static final String NOTICES_WHO_GOES_AWAY =
      "do $$ begin set client_connection_check_interval = 500; exception when others then null; end"
          + " $$";

  @Bean(destroyMethod = "close")
  HikariDataSource pool(ReadSettings settings) {
    return ConnectionPool.open(
        settings.id(),
        PostgresUrl.parse(settings.source()),
        settings.connections(),
        true,
        "set default_transaction_read_only = on; "
            + NOTICES_WHO_GOES_AWAY
            + "; set statement_timeout = "
            + settings.statementTimeout().toMillis());
  }

  @Bean
  Source source(ReadSettings settings) {
    return Source.of(SourceKind.parse(settings.kind()));
  }

  @Bean(initMethod = "start", destroyMethod = "close")
  FreshnessGate freshnessGate(Source source, ReadSettings settings) {
    return FreshnessGate.of(source, settings.id(), PostgresUrl.parse(settings.source()));
  }

  @Bean
  ModelStore store(
      ReadSettings settings,
      Source source,
      DataSource pool,
      Tracing tracing,
      Scheduler blockingScheduler) {
    return new SqlStore(
        source,
        /* traced= */ tracing.around(pool),
        /* untraced= */ pool,
        new SqlStore.Limits(
            settings.rowCap(),
            settings.byteCap().toBytes(),
            settings.costCeiling(),
            // The other half answers what is short.
            Math.max(1, settings.connections() / 2),
            settings.statementTimeout()),
        new SteadyClock(),
        blockingScheduler);
  }

  @Bean(destroyMethod = "close")
  EventSignals eventSignals(ReadSettings settings) {
    return new EventSignals(settings.id(), PostgresUrl.parse(settings.source()));
  }

  @Bean
  Subscriptions eventPath(
      Source source,
      DataSource pool,
      EventSignals signals,
      FreshnessGate gate,
      Drain drain,
      ProblemResponses problems,
      Scheduler blockingScheduler) {
    return new EventPath(
        source.kind(),
        new EventLog(pool),
        signals,
        gate,
        drain.begun(),
        new Rejections(problems, false),
        blockingScheduler);
  }
}
