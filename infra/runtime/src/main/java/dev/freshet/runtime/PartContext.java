package dev.freshet.runtime;

import java.util.HashMap;
import java.util.Map;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.logging.LoggingApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.MapPropertySource;

/** Starts the Spring context of a part. */
public final class PartContext {

  private static final Map<String, Object> DEFAULTS =
      Map.ofEntries(
          Map.entry("management.endpoint.health.probes.enabled", "true"),
          Map.entry("management.endpoint.health.show-details", "always"),
          Map.entry("management.endpoints.web.exposure.include", "health,prometheus"),
          Map.entry("management.metrics.use-global-registry", "false"),
          Map.entry("server.shutdown", "graceful"),
          Map.entry("spring.config.location", "optional:classpath:/none/"),
          Map.entry("spring.jmx.enabled", "false"),
          Map.entry("spring.lifecycle.timeout-per-shutdown-phase", "10s"),
          Map.entry("spring.main.banner-mode", "off"),
          Map.entry("spring.webflux.problemdetails.enabled", "false"));

  private PartContext() {}

  /**
   * Starts a part and returns once it accepts connections.
   *
   * @param configuration the class marked {@link Part}
   * @param name the part's name, for thread names and logs
   * @param properties its settings; they win over the environment's
   * @param more classes whose beans are there, too
   */
  public static ConfigurableApplicationContext start(
      Class<?> configuration, String name, Map<String, ?> properties, Class<?>... more) {
    return builder(configuration, name, properties, more).run();
  }

  /**
   * The same in a process that is not ours: its logging stays as it is.
   *
   * @param name the part's name, for thread names and logs
   * @param properties its settings; they win over the environment's
   */
  public static ConfigurableApplicationContext startWithin(
      Class<?> configuration, String name, Map<String, ?> properties) {
    SpringApplicationBuilder builder = builder(configuration, name, properties);
    builder
        .application()
        .setListeners(
            builder.application().getListeners().stream()
                .filter(listener -> !(listener instanceof LoggingApplicationListener))
                .toList());
    return builder.run();
  }

  private static SpringApplicationBuilder builder(
      Class<?> configuration, String name, Map<String, ?> properties, Class<?>... more) {
    Map<String, Object> settings = new HashMap<>(properties);
    settings.put("spring.application.name", name);
    return new SpringApplicationBuilder(configuration)
        .sources(more)
        .web(WebApplicationType.REACTIVE)
        .bannerMode(Banner.Mode.OFF)
        .logStartupInfo(false)
        .registerShutdownHook(false)
        .properties(DEFAULTS)
        .initializers(
            context ->
                context
                    .getEnvironment()
                    .getPropertySources()
                    .addFirst(new MapPropertySource("freshet", settings)));
  }
}
