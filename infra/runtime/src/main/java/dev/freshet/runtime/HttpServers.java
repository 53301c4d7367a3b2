package dev.freshet.runtime;

import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import reactor.netty.http.server.HttpServerResponse;

/**
 * What every HTTP server has. A port for operators with a context of its own has to import it:
 * Spring Boot asks only the context that a server belongs to.
 */
@Configuration(proxyBeanMethods = false)
public class HttpServers {

  /**
   * A connection is read from as long as it is kept, and while the part drains, each answer is the
   * last of its connection. What is refused beneath Spring is answered with a problem document,
   * too.
   */
  @Bean
  @Order(0)
  WebServerFactoryCustomizer<NettyReactiveWebServerFactory> connections(
      Drain drain, ProblemResponses problems) {
    NettyRefusals beneath = new NettyRefusals(problems);
    return factory ->
        factory.addServerCustomizers(
            server ->
                server
                    .childObserve(new ReadsOn())
                    .mapHandle(
                        (handling, connection) -> {
                          if (!(connection instanceof HttpServerResponse answer)) {
                            return handling;
                          }
                          if (drain.isDraining()) {
                            answer.keepAlive(false);
                          }
                          return beneath.answered(handling, answer);
                        })
                    .doOnChannelInit((observer, channel, address) -> beneath.install(channel)));
  }
}
