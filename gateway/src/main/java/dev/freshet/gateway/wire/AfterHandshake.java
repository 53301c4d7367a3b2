package dev.freshet.gateway.wire;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;

/**
 * Waits until client and gateway have agreed on a protocol. The next handler builds the pipeline
 * for it when it is told; nothing has been decrypted for that pipeline before.
 */
final class AfterHandshake extends ChannelInboundHandlerAdapter {

  private final Runnable agreed;

  AfterHandshake(Runnable agreed) {
    this.agreed = agreed;
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    context.fireUserEventTriggered(event);
    if (event instanceof SslHandshakeCompletionEvent handshake) {
      context.pipeline().remove(this);
      if (handshake.isSuccess()) {
        agreed.run();
      }
    }
  }
}
