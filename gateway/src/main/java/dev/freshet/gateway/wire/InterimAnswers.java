package dev.freshet.gateway.wire;

import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.util.AttributeKey;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Answers of one request that come before its answer (RFC 9110, 15.2), up to a bound. */
public final class InterimAnswers {

  /** More are no news of a request, and may have no end. */
  static final int MOST = 100;

  private static final AttributeKey<Consumer<HttpResponse>> TAKER =
      AttributeKey.valueOf(InterimAnswers.class, "taker");

  private int taken;

  InterimAnswers() {}

  /**
   * Says who takes the interim answers to the request that is about to be sent.
   *
   * @param channel that it is sent on; of HTTP/2 its stream
   */
  public static void of(Channel channel, Consumer<HttpResponse> taker) {
    channel.attr(TAKER).set(taker);
  }

  static void forget(Channel channel) {
    if (channel.hasAttr(TAKER)) {
      channel.attr(TAKER).set(null);
    }
  }

  /** Whether an answer comes after it. */
  static boolean isInterim(HttpResponseStatus status) {
    return status.codeClass() == HttpStatusClass.INFORMATIONAL
        && !status.equals(HttpResponseStatus.SWITCHING_PROTOCOLS);
  }

  /**
   * Takes one.
   *
   * @return what is wrong with it; null when it is as it should be
   */
  @Nullable UnreadableAnswer take(Channel channel, HttpResponse interim) {
    if (++taken > MOST) {
      return UnreadableAnswer.of(
          "more than %d interim answers (1xx) came, and none after them".formatted(MOST));
    }
    Consumer<HttpResponse> taker = channel.hasAttr(TAKER) ? channel.attr(TAKER).get() : null;
    // The gateway has asked the client for its content by itself.
    if (taker != null && !interim.status().equals(HttpResponseStatus.CONTINUE)) {
      taker.accept(interim);
    }
    return null;
  }
}
