package dev.freshet.gateway.wire;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes the connections of clients that take nothing of what is there for them. */
final class SlowReaders extends IdleStateHandler {

  private static final Logger log = LoggerFactory.getLogger(SlowReaders.class);

  /**
   * Watches one connection.
   *
   * @param patience how long a client may take nothing
   */
  SlowReaders(Duration patience) {
    super(true, 0, patience.dividedBy(2).toNanos(), 0, TimeUnit.NANOSECONDS);
  }

  @Override
  protected void channelIdle(ChannelHandlerContext context, IdleStateEvent event) {
    if (event.isFirst()) {
      return; // counted from the last write, which may be long ago
    }
    ChannelOutboundBuffer waiting = context.channel().unsafe().outboundBuffer();
    if (waiting != null && waiting.totalPendingWriteBytes() > 0) {
      log.debug("{} takes nothing of its answer; its connection is closed", context.channel());
      ChannelFuture _ = context.close();
    }
  }
}
