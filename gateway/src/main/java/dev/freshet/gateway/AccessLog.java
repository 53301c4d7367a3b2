package dev.freshet.gateway;

import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.protocol.RequestId;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A line for each request, to the logger {@code freshet.access}: what was asked for without its
 * query, how it was answered, by whom and why, and how long that took in milliseconds.
 */
final class AccessLog implements Consumer<Observation> {

  private static final Logger log = LoggerFactory.getLogger("freshet.access");

  /** Of a millisecond. */
  private static final double NANOS_PER_TENTH = 1e5;

  @Override
  public void accept(Observation observation) {
    if (observation instanceof Observation.Finished finished) {
      log.info(line(finished));
    }
  }

  private static String line(Observation.Finished finished) {
    Exchange exchange = finished.exchange();
    StringBuilder line = new StringBuilder(200);
    line.append(exchange.method()).append(' ').append(exchange.path());
    line.append(' ').append(finished.status());
    line.append(" route=").append(finished.route());
    line.append(" intent=").append(finished.intent().text());
    line.append(" source=").append(finished.backend());
    Observation.Answered answered = finished.answered();
    if (answered != null) {
      line.append(" reason=").append(answered.reason().text());
      if (!answered.waited().isZero()) {
        milliseconds(line, "waited", answered.waited());
      }
      milliseconds(line, "upstream", answered.upstream());
    }
    milliseconds(line, "took", finished.took());
    InetSocketAddress client = exchange.client();
    if (client != null && client.getAddress() != null) {
      line.append(" client=").append(client.getAddress().getHostAddress());
    }
    String id = exchange.headers().get(RequestId.HEADER);
    if (id != null) {
      line.append(" request=").append(id);
    }
    return line.toString();
  }

  private static void milliseconds(StringBuilder line, String name, Duration duration) {
    long tenths = Math.round(duration.toNanos() / NANOS_PER_TENTH);
    line.append(' ').append(name).append("-ms=");
    line.append(tenths / 10).append('.').append(tenths % 10);
  }
}
