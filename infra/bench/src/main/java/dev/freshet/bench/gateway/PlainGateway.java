package dev.freshet.bench.gateway;

import java.util.Map;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.context.ConfigurationPropertiesAutoConfiguration;
import org.springframework.boot.autoconfigure.context.PropertyPlaceholderAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.http.codec.autoconfigure.CodecsAutoConfiguration;
import org.springframework.boot.reactor.autoconfigure.ReactorAutoConfiguration;
import org.springframework.boot.reactor.netty.autoconfigure.NettyReactiveWebServerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;
import org.springframework.cloud.gateway.config.GatewayAutoConfiguration;
import org.springframework.cloud.gateway.config.GatewayNoLoadBalancerClientAutoConfiguration;
import org.springframework.cloud.gateway.route.RouteLocator;
import org.springframework.cloud.gateway.route.builder.RouteLocatorBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Spring Cloud Gateway as it comes, with one route and without metrics. */
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration({
  CodecsAutoConfiguration.class,
  ConfigurationPropertiesAutoConfiguration.class,
  GatewayAutoConfiguration.class,
  GatewayNoLoadBalancerClientAutoConfiguration.class,
  HttpHandlerAutoConfiguration.class,
  NettyReactiveWebServerAutoConfiguration.class,
  PropertyPlaceholderAutoConfiguration.class,
  ReactorAutoConfiguration.class,
  SslAutoConfiguration.class,
  WebFluxAutoConfiguration.class,
})
public class PlainGateway {

  /**
   * Starts it.
   *
   * @param arguments its port and the origin's, on loopback
   */
  public static void main(String[] arguments) {
    new SpringApplicationBuilder(PlainGateway.class)
        .web(WebApplicationType.REACTIVE)
        .properties(
            Map.of(
                "server.address",
                "127.0.0.1",
                "server.port",
                arguments[0],
                "bench.origin",
                "http://127.0.0.1:" + arguments[1],
                "spring.main.banner-mode",
                "off"))
        .run();
  }

  @Bean
  RouteLocator everything(RouteLocatorBuilder routes, @Value("${bench.origin}") String origin) {
    return routes.routes().route("all", route -> route.path("/**").uri(origin)).build();
  }
}
