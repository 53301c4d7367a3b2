package dev.freshet.gateway.wire;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http2.Http2Exception.HeaderListSizeException;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/** Takes the interim answers of one stream of HTTP/2 to a backend, and says which are too large. */
final class InterimStreams extends ChannelInboundHandlerAdapter {

  private final InterimAnswers interim = new InterimAnswers();
  private final int headBytes;

  /**
   * Prepares for one answer.
   *
   * @param headBytes the most that a head may have, as the connection's settings say
   */
  InterimStreams(int headBytes) {
    this.headBytes = headBytes;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (!(message instanceof HttpResponse answer)
        || answer.status().codeClass() != HttpStatusClass.INFORMATIONAL) {
      context.fireChannelRead(message);
      return;
    }
    UnreadableAnswer objection = objection(context, answer);
    ReferenceCountUtil.release(message);
    if (objection == null) {
      context.read();
    } else {
      context.fireExceptionCaught(objection);
    }
  }

  private @Nullable UnreadableAnswer objection(ChannelHandlerContext context, HttpResponse answer) {
    return answer.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS)
        ? UnreadableAnswer.of("it changes the protocol (101), which HTTP/2 does not know")
        : interim.take(context.channel(), answer);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.fireExceptionCaught(
        cause instanceof HeaderListSizeException ? UnreadableAnswer.tooLarge(headBytes) : cause);
  }
}
