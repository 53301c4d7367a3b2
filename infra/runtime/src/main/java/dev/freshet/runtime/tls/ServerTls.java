package dev.freshet.runtime.tls;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.server.HttpServer;

/** TLS of a part's own port, where files for it are named; HTTP/2 comes with it. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty("freshet.tls.certificate")
@EnableConfigurationProperties(ServerTls.Settings.class)
public class ServerTls {

  /**
   * The files.
   *
   * @param certificate with the chain behind it
   * @param key the certificate's
   * @param clientCa that clients' certificates have to come from; null to ask for none
   */
  @ConfigurationProperties("freshet.tls")
  record Settings(Path certificate, Path key, @Nullable Path clientCa) {}

  @Bean
  WatchedTls tls(Settings settings, MeterRegistry meters) {
    WatchedTls tls =
        WatchedTls.ofServer(
            new PemFiles(settings.certificate(), settings.key(), settings.clientCa()));
    Gauge.builder("freshet.tls.not.after.seconds", tls, ServerTls::notAfter)
        .description("When the certificate that is shown to clients ends, since 1970")
        .register(meters);
    Gauge.builder("freshet.tls.reload.failed", tls, now -> now.isStale() ? 1 : 0)
        .description("Whether the files of TLS have changed to something that can't be used")
        .register(meters);
    return tls;
  }

  private static double notAfter(WatchedTls tls) {
    return tls.notAfter().map(end -> (double) end.getEpochSecond()).orElse(Double.NaN);
  }

  @Bean
  @Order(0)
  WebServerFactoryCustomizer<NettyReactiveWebServerFactory> secured(WatchedTls tls) {
    return factory -> factory.addServerCustomizers(server -> secured(server, tls));
  }

  /** Each connection takes what is in force when it is made. */
  private static HttpServer secured(HttpServer server, WatchedTls tls) {
    return server
        .protocol(HttpProtocol.HTTP11, HttpProtocol.H2)
        .secure(
            spec ->
                spec.sslContext(tls.current().getSslContext())
                    .setSniAsyncMappings((name, promise) -> promise.setSuccess(tls.current())));
  }
}
