package dev.freshet.gateway;

import dev.freshet.gateway.choice.Candidate;
import dev.freshet.gateway.exchange.Exchange;
import dev.freshet.gateway.exchange.Head;
import dev.freshet.gateway.forward.WebSockets;
import dev.freshet.gateway.pool.Instance;
import dev.freshet.gateway.routing.Level;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.session.ClientSession;
import io.netty.handler.codec.http.HttpHeaders;

/**
 * An instance's answer on its way to the client.
 *
 * @param head what the instance answered, without its content
 * @param source the value of {@code Freshet-Source}
 * @param timeline that the system was on when the request was sent; 0 while that was unknown
 */
record Answer(
    Exchange exchange,
    Head head,
    Route route,
    ClientSession session,
    Candidate candidate,
    String source,
    int timeline) {

  HttpHeaders headers() {
    return head.headers();
  }

  Instance instance() {
    return candidate.instance();
  }

  boolean isOfWrite() {
    return candidate.reason() == Candidate.Reason.WRITE;
  }

  /** Whether the client's session goes on with this answer. */
  boolean isOfSession() {
    return isOfWrite() || session.level() != Level.EVENTUAL;
  }

  /** Whether it says that something was done, or what there is; refusals promise nothing. */
  boolean isPromise() {
    if (exchange.method().equals("OPTIONS") || head.status() == WebSockets.SWITCHING_PROTOCOLS) {
      return false;
    }
    int status = head.status();
    return status < 400 || (!isOfWrite() && (status == 404 || status == 410));
  }

  /**
   * Whether the answer needs a position. A read's answer needs one if it carries data: an error or
   * a redirection does not.
   */
  boolean isOfData() {
    int status = head.status();
    return isPromise() && (isOfWrite() || status < 300 || status == 304);
  }
}
