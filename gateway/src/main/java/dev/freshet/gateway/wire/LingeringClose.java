package dev.freshet.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/**
 * Closes a connection on which more may come in stages (RFC 9112, 9.6): its sending side first,
 * then, when the client has closed its own, the rest. What comes meanwhile is thrown away. Closed
 * at once, unread bytes would have TCP reset the connection, and the client might lose the answer.
 */
final class LingeringClose extends ChannelDuplexHandler {

  /** As long as NGINX waits for more. */
  static final Duration WITHIN = Duration.ofSeconds(5);

  /** A client that sends more than this goes on sending whatever it is answered. */
  static final DataSize MOST = DataSize.ofMegabytes(16);

  private final BooleanSupplier mayMoreCome;
  private long thrownAway;
  private boolean isLingering;
  private @Nullable Future<?> end;

  /**
   * Stands next to the socket.
   *
   * @param mayMoreCome whether the client may be sending what nobody will read
   */
  LingeringClose(BooleanSupplier mayMoreCome) {
    this.mayMoreCome = mayMoreCome;
  }

  @Override
  public void close(ChannelHandlerContext context, ChannelPromise promise) {
    if (isLingering) {
      context.channel().closeFuture().addListener(closed -> promise.trySuccess());
    } else if (mayMoreCome.getAsBoolean()
        && context.channel() instanceof DuplexChannel connection
        && connection.isActive()) {
      isLingering = true;
      connection.closeFuture().addListener(closed -> promise.trySuccess());
      linger(context, connection);
    } else {
      ChannelFuture _ = context.close(promise);
    }
  }

  private void linger(ChannelHandlerContext context, DuplexChannel connection) {
    end = context.executor().schedule(() -> close(context), WITHIN.toNanos(), TimeUnit.NANOSECONDS);
    ChannelFuture _ = connection.shutdownOutput();
    connection.config().setAutoRead(true);
    context.read();
  }

  private static void close(ChannelHandlerContext context) {
    ChannelFuture _ = context.close();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (!isLingering) {
      context.fireChannelRead(message);
      return;
    }
    if (message instanceof ByteBuf bytes) {
      thrownAway += bytes.readableBytes();
    }
    ReferenceCountUtil.release(message);
    if (thrownAway > MOST.toBytes()) {
      close(context);
    }
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    if (end != null) {
      end.cancel(false);
    }
  }
}
