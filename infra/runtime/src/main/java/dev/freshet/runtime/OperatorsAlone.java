package dev.freshet.runtime;

import java.util.Set;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** For parts of which all that they answer is for operators; to be imported. */
@Configuration(proxyBeanMethods = false)
public class OperatorsAlone {

  @Bean
  OperatorGate operatorGate(
      @Value("${server.address}") String listen,
      @Value("${freshet.operator-hosts:}") String names,
      @Value("${freshet.operator-token:}") String token,
      ProblemResponses problems) {
    return new OperatorGate(listen, names, token, Set.of(), problems);
  }
}
