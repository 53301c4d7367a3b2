package dev.freshet.conventional;

import java.util.Map;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;

/** The deployable. */
@SpringBootApplication
public class ConventionalBackend {

  /**
   * Starts it.
   *
   * @param arguments its port, and the JDBC URL, user and password of its database
   */
  public static void main(String[] arguments) {
    new SpringApplicationBuilder(ConventionalBackend.class)
        .properties(
            Map.of(
                "server.address", "127.0.0.1",
                "server.port", arguments[0],
                "server.tomcat.max-keep-alive-requests", "-1",
                "spring.datasource.url", arguments[1],
                "spring.datasource.username", arguments[2],
                "spring.datasource.password", arguments[3],
                "spring.datasource.hikari.maximum-pool-size", "16",
                "spring.jpa.open-in-view", "false",
                "spring.jpa.properties.hibernate.default_batch_fetch_size", "50",
                "spring.main.banner-mode", "off"))
        .run();
  }
}
