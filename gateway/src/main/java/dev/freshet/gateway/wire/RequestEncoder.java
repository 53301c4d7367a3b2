package dev.freshet.gateway.wire;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestEncoder;

/** Netty's encoder of requests, which says which request the next answer belongs to. */
final class RequestEncoder extends HttpRequestEncoder {

  private final StrictAnswerDecoder answers;

  /**
   * Prepares to encode one connection's requests.
   *
   * @param answers reads what comes back
   */
  RequestEncoder(StrictAnswerDecoder answers) {
    this.answers = answers;
  }

  @Override
  public void write(ChannelHandlerContext context, Object part, ChannelPromise promise)
      throws Exception {
    if (part instanceof HttpRequest request) {
      answers.await(request);
    }
    super.write(context, part, promise);
  }
}
