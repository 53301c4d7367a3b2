package dev.freshet.gateway.exchange;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import reactor.netty.Connection;
import reactor.netty.NettyPipeline;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/** Answers that come before the answer, which Reactor Netty's server has no way to send. */
public final class Interim {

  private Interim() {}

  /** Sends one, unless the answer is on its way, or the client speaks HTTP/1.0, which has none. */
  public static void answer(HttpServerRequest request, HttpServerResponse response, Head head) {
    if (request instanceof Connection client
        && !response.hasSentHeaders()
        && !request.version().equals(HttpVersion.HTTP_1_0)) {
      // The handler of this name would take it for the answer.
      ChannelHandlerContext before =
          client.channel().pipeline().context(NettyPipeline.HttpTrafficHandler);
      if (before != null) {
        ChannelFuture _ =
            before.writeAndFlush(
                new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1,
                    HttpResponseStatus.valueOf(head.status()),
                    Unpooled.EMPTY_BUFFER,
                    head.headers(),
                    EmptyHttpHeaders.INSTANCE));
      }
    }
  }
}
