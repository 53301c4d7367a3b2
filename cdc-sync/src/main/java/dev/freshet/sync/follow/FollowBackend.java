package dev.freshet.sync.follow;

import dev.freshet.runtime.OperatorGate;
import dev.freshet.runtime.Part;
import dev.freshet.runtime.PartContext;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.SteadyClock;
import dev.freshet.search.SearchClient;
import dev.freshet.sync.search.SearchSink;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.Set;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;

/** The deployable. */
@Part
@EnableConfigurationProperties(FollowSettings.class)
public class FollowBackend {

  /** Starts a follower and returns once its status can be asked; it follows on its own. */
  public static ConfigurableApplicationContext start(Map<String, ?> properties) {
    return PartContext.start(FollowBackend.class, "follower", properties);
  }

  /** All that it answers is for operators. */
  @Bean
  OperatorGate operatorGate(
      @Value("${server.address}") String listen,
      @Value("${freshet.operator-hosts:}") String names,
      @Value("${freshet.operator-token:}") String token,
      ProblemResponses problems) {
    return new OperatorGate(listen, names, token, Set.of(), problems);
  }

  @Bean
  FollowerStatus followerStatus(FollowSettings settings, MeterRegistry meters) {
    return new FollowerStatus(settings.store(), meters, new SteadyClock());
  }

  @Bean(initMethod = "start", destroyMethod = "close")
  SearchFollower searchFollower(FollowSettings settings, FollowerStatus status) {
    settings.address(); // files that can't be read are told at once
    return new SearchFollower(
        settings.followed(),
        () ->
            new SearchSink(
                SearchClient.open(settings.address()),
                shape -> {
                  throw new IllegalStateException("The follower says what an index is made for");
                },
                status,
                settings.replicas(),
                new SteadyClock()),
        status,
        new SteadyClock());
  }

  @Bean
  RouterFunction<ServerResponse> followerRoutes(FollowerStatus status, FollowSettings settings) {
    return FollowEndpoint.routes(status, settings);
  }
}
