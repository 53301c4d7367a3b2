package dev.freshet.gateway.wire;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.Http2StreamChannel;

/**
 * Ends a stream of HTTP/2 whose answer is whole while its request is not (RFC 9113, 8.1): without
 * an error, so that the client stops sending and keeps the answer. Nobody reads what it sends.
 */
final class EarlyEnds extends ChannelOutboundHandlerAdapter {

  @Override
  public void write(ChannelHandlerContext context, Object part, ChannelPromise promise) {
    if (!endsStream(part)) {
      ChannelFuture _ = context.write(part, promise);
      return;
    }
    ChannelPromise written = promise.unvoid();
    written.addListener(
        gone -> {
          if (gone.isSuccess() && context.channel() instanceof Http2StreamChannel stream) {
            end(stream);
          }
        });
    ChannelFuture _ = context.write(part, written);
  }

  private static boolean endsStream(Object part) {
    return (part instanceof Http2DataFrame data && data.isEndStream())
        || (part instanceof Http2HeadersFrame headers && headers.isEndStream());
  }

  private static void end(Http2StreamChannel stream) {
    if (stream.stream().state() == Http2Stream.State.HALF_CLOSED_LOCAL) {
      ChannelFuture _ =
          stream
              .parent()
              .writeAndFlush(
                  new DefaultHttp2ResetFrame(Http2Error.NO_ERROR).stream(stream.stream()));
    }
  }
}
