// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.ffm.LinuxSignals;

/**
 * Passes signals on to the program, as long as it runs, instead of ending this JVM and with it the machine. What a terminal
 * sends reaches the program anyway. {@code SIGQUIT} stays the JVM's (it tells what all threads do), the signals that stop a
 * process stay what they are.
 *
 * <p>{@code sun.misc.Signal} is used by reflection: it is in a module of its own for this purpose ({@code jdk.unsupported}), but
 * the compiler warns of it in a way that cannot be silenced.
 */
final class SignalRelay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SignalRelay.class);
    private static final Map<String, Integer> PASSED =
            Map.of("HUP", 1, "INT", 2, "USR1", 10, "USR2", 12, "TERM", 15, "CONT", 18, "WINCH", 28);

    /** Those that a terminal sends to all processes in its foreground. */
    private static final Set<String> OF_TERMINAL = Set.of("INT", "WINCH");

    private final Map<Object, Object> before = new LinkedHashMap<>();

    /** The program, once it has started; signals that come before are passed on then. */
    private final CompletableFuture<Process> program = new CompletableFuture<>();

    SignalRelay() {
        boolean terminal = LinuxSignals.isTerminal(0);
        PASSED.forEach((name, number) -> handle(name, (proxy, method, arguments) -> {
            return switch (method.getName()) {
                case "handle" -> {
                    if (!(terminal && OF_TERMINAL.contains(name))) {
                        var _ = program.thenAccept(started -> LinuxSignals.kill((int) started.pid(), number));
                    }
                    yield null;
                }
                case "hashCode" -> System.identityHashCode(proxy);
                case "equals" -> proxy == arguments[0];
                default -> "relay of SIG" + name;
            };
        }));
    }

    /** The program has started. */
    void passTo(Process started) {
        program.complete(started);
    }

    private void handle(String name, InvocationHandler action) {
        try {
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object handler = Proxy.newProxyInstance(handlerType.getClassLoader(), new Class<?>[] {handlerType}, action);
            Object signal = Class.forName("sun.misc.Signal")
                    .getConstructor(String.class)
                    .newInstance(name);
            Object ignored = handlerType.getField("SIG_IGN").get(null);
            Object former = exchange(signal, handler);
            if (former.equals(ignored)) {
                exchange(signal, ignored); // as nohup(1) wants it; the program inherits that
            } else {
                before.put(signal, former);
            }
        } catch (ReflectiveOperationException e) {
            LOG.warn("SIG{} is not passed on to the program: {}", name, e.toString());
        }
    }

    private static Object exchange(Object signal, Object handler) throws ReflectiveOperationException {
        return signal.getClass()
                .getMethod("handle", signal.getClass(), Class.forName("sun.misc.SignalHandler"))
                .invoke(null, signal, handler);
    }

    /** Signals mean what they meant before. */
    @Override
    public void close() {
        before.forEach((signal, handler) -> {
            try {
                exchange(signal, handler);
            } catch (ReflectiveOperationException e) {
                LOG.warn("{} stays passed on: {}", signal, e.toString());
            }
        });
    }
}
