package dev.freshet.runtime;

import io.netty.channel.Channel;
import io.netty.channel.socket.SocketChannel;
import reactor.netty.Connection;
import reactor.netty.ConnectionObserver;

/**
 * Has a connection of HTTP/1.1 read from again after each exchange. Reactor Netty stops reading
 * when a request begins, and goes on when it has passed on the request's end. A request that it
 * takes from its own queue can be answered before that; it drops the end then, and nothing reads
 * from the connection any more.
 */
final class ReadsOn implements ConnectionObserver {

  @Override
  public void onStateChange(Connection connection, State state) {
    if (state.equals(State.DISCONNECTING)) {
      Channel channel = connection.channel();
      boolean isStreamOfHttp2 = channel.parent() instanceof SocketChannel;
      if (channel.isActive() && !isStreamOfHttp2) {
        channel.config().setAutoRead(true);
      }
    }
  }
}
