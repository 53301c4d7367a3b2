package dev.freshet.gateway.wire;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2StreamChannel;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Resets a stream of HTTP/2 whose client opens no window for what is there for it, while others of
 * its connection may go on. Counted is the time until a part that was written has gone.
 */
final class SlowStreams extends ChannelDuplexHandler {

  private static final Logger log = LoggerFactory.getLogger(SlowStreams.class);

  private final long patienceNanos;
  private int waiting;
  private long lastNanos;
  private @Nullable Future<?> clock;

  /**
   * Watches one stream.
   *
   * @param patience how long nothing may be taken
   */
  SlowStreams(Duration patience) {
    this.patienceNanos = patience.toNanos();
  }

  @Override
  public void write(ChannelHandlerContext context, Object part, ChannelPromise promise) {
    if (waiting++ == 0) {
      lastNanos = System.nanoTime();
    }
    if (clock == null) {
      clock = after(context, patienceNanos);
    }
    ChannelPromise written = promise.unvoid();
    written.addListener(
        gone -> {
          waiting--;
          lastNanos = System.nanoTime();
        });
    ChannelFuture _ = context.write(part, written);
  }

  private Future<?> after(ChannelHandlerContext context, long nanos) {
    return context.executor().schedule(() -> look(context), nanos, TimeUnit.NANOSECONDS);
  }

  private void look(ChannelHandlerContext context) {
    clock = null;
    if (waiting == 0) {
      return;
    }
    long left = patienceNanos - (System.nanoTime() - lastNanos);
    if (left > 0) {
      clock = after(context, left);
    } else {
      log.debug("{} takes nothing of its answer; its stream is reset", context.channel());
      reset((Http2StreamChannel) context.channel());
    }
  }

  /** A stream's own close would say nothing to the client of an answer that is all written. */
  private static void reset(Http2StreamChannel stream) {
    ChannelFuture _ =
        stream
            .parent()
            .writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL).stream(stream.stream()));
    ChannelFuture _ = stream.close();
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    if (clock != null) {
      clock.cancel(false);
    }
  }
}
