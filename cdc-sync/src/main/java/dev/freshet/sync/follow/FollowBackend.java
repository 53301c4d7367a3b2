package dev.freshet.sync.follow;

import dev.freshet.runtime.OperatorsAlone;
import dev.freshet.runtime.Part;
import dev.freshet.runtime.PartContext;
import dev.freshet.runtime.ProblemResponses;
import dev.freshet.runtime.SteadyClock;
import dev.freshet.search.SearchClient;
import dev.freshet.sync.search.SearchSink;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.scheduler.Scheduler;

/** The deployable. */
@Part
@EnableConfigurationProperties(FollowSettings.class)
@Import(OperatorsAlone.class)
public class FollowBackend {

  /** Starts a follower and returns once its status can be asked; it follows on its own. */
  public static ConfigurableApplicationContext start(Map<String, ?> properties) {
    return PartContext.start(FollowBackend.class, "follower", properties);
  }

  @Bean
  FollowerStatus followerStatus(FollowSettings settings, MeterRegistry meters) {
    return new FollowerStatus(settings.store(), meters, new SteadyClock());
  }

  @Bean(initMethod = "start", destroyMethod = "close")
  SearchFollower searchFollower(FollowSettings settings, FollowerStatus status) {
    settings.address(); // files that can't be read fail at once
    return new SearchFollower(
        settings.followed(),
        () ->
            new SearchSink(
                SearchClient.open(settings.address()),
                status,
                settings.replicas(),
                new SteadyClock()),
        status,
        new SteadyClock());
  }

  @Bean
  RouterFunction<ServerResponse> followerRoutes(
      SearchFollower follower,
      FollowerStatus status,
      FollowSettings settings,
      ProblemResponses problems,
      Scheduler blockingScheduler) {
    return FollowEndpoint.routes(follower, status, settings, problems, blockingScheduler);
  }
}
