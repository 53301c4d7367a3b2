package dev.freshet.read;

import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.query.Refused;
import dev.freshet.read.search.IndexCatalogue;
import dev.freshet.read.search.SearchPositions;
import dev.freshet.read.search.SearchStore;
import dev.freshet.read.store.ModelStore;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.SteadyClock;
import dev.freshet.runtime.source.FreshnessGate;
import dev.freshet.search.SearchAddress;
import dev.freshet.search.SearchClient;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What a read-backend of a search store has. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnExpression("'search'.equals('${freshet.read.kind}')")
class SearchCopy {

  private static SearchAddress address(ReadSettings settings) {
    return SearchAddress.of(settings.source(), settings.credentials(), settings.authority());
  }

  @Bean(destroyMethod = "close")
  SearchClient searchClient(ReadSettings settings) {
    return SearchClient.open(address(settings));
  }

  /** Has a client of its own: polls don't wait behind reads. */
  @Bean
  SearchPositions searchPositions(ReadSettings settings) {
    return new SearchPositions(SearchClient.open(address(settings)), new SteadyClock());
  }

  @Bean(initMethod = "start", destroyMethod = "close")
  FreshnessGate freshnessGate(SearchPositions positions) {
    return new FreshnessGate(positions);
  }

  @Bean
  ModelStore store(ReadSettings settings, SearchClient client, SearchPositions positions) {
    return new SearchStore(
        client, positions, new IndexCatalogue(client, new SteadyClock()), settings.rowCap());
  }

  @Bean
  Subscriptions subscriptions(FreshnessGate gate, ProblemResponses problems) {
    Rejections rejections = new Rejections(problems, false);
    return request ->
        rejections.of(
            request,
            Refused.of(
                ProblemCode.NOT_FOUND,
                "Only read-backends of read databases have events; this one reads a search store."),
            gate.position());
  }
}
