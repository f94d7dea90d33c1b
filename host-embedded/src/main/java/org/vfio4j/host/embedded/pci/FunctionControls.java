// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.vfio4j.host.embedded.device.TextAttribute;
import org.vfio4j.spi.host.DeviceAttribute;
import org.vfio4j.spi.pci.PciResource;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Attributes that act on a function: {@code enable}, {@code reset}, {@code reset_method}, {@code numa_node}. */
final class FunctionControls {
    private static final int NO_NODE = -1;

    private final EmbeddedFunction function;

    /** How often the function was enabled through sysfs (kernel: {@code enable_cnt}). */
    private final AtomicInteger enabled = new AtomicInteger();

    private volatile int numaNode = NO_NODE;

    FunctionControls(EmbeddedFunction function) {
        this.function = function;
    }

    Map<String, DeviceAttribute> attributes() {
        Map<String, DeviceAttribute> attributes = new TreeMap<>();
        attributes.put("enable", TextAttribute.variable(this::enableCount, this::enable));
        attributes.put("numa_node", TextAttribute.variable(() -> Integer.toString(numaNode), this::numaNode));
        if (!function.resetMethods().isEmpty()) {
            attributes.put("reset", new TextAttribute(0200, null, this::reset));
            attributes.put("reset_method", new TextAttribute(0644, this::resetMethods, this::chooseResets));
        }
        return attributes;
    }

    private String enableCount() {
        return Integer.toString(enabled.get() + (function.inUse() ? 1 : 0));
    }

    private void enable(String text) {
        long wanted = TextAttribute.number(text);
        if (wanted < 0) {
            throw new VfioException(
                    Errno.EINVAL, "enable of " + function.name() + " refused: " + wanted + " is negative");
        }
        if (function.inUse()) {
            throw new VfioException(Errno.EBUSY, "enable of " + function.name() + " refused: a driver has it");
        }
        if (wanted != 0) {
            enabled.getAndIncrement();
            int decoding = 0;
            for (int index = 0; index < 6; index++) {
                var resource = function.resource(index);
                if (resource.present()) {
                    decoding |= resource.kind() == PciResource.Kind.IO
                            ? ConfigSpace.COMMAND_IO
                            : ConfigSpace.COMMAND_MEMORY;
                }
            }
            function.writeConfig(ConfigSpace.COMMAND, 2, function.readConfig(ConfigSpace.COMMAND, 2) | decoding);
        } else if (enabled.getAndUpdate(count -> Math.max(0, count - 1)) == 0) {
            throw new VfioException(Errno.EIO, "disable of " + function.name() + " refused: it is not enabled");
        } else {
            function.writeConfig(
                    ConfigSpace.COMMAND, 2, function.readConfig(ConfigSpace.COMMAND, 2) & ~ConfigSpace.COMMAND_MASTER);
        }
    }

    private void numaNode(String text) {
        long node = TextAttribute.number(text);
        if (node != NO_NODE && node != 0) {
            throw new VfioException(
                    Errno.EINVAL, "numa_node of " + function.name() + " refused: there is no node " + node);
        }
        numaNode = (int) node;
    }

    private void reset(String text) {
        if (TextAttribute.number(text) != 1) {
            throw new VfioException(Errno.EINVAL, "reset of " + function.name() + " wants 1, not \"" + text + "\"");
        }
        function.resetFunction();
    }

    private String resetMethods() {
        var methods = function.resetMethods();
        return methods.isEmpty() ? "" : String.join(" ", methods) + "\n";
    }

    /** Nothing forbids resets, "default" allows all, names choose some in their order. Spec: pci §21.1. */
    private void chooseResets(String text) {
        var supported = function.supportedResets();
        String wanted = text.strip();
        if (wanted.equals("default")) {
            function.chooseResets(supported);
            return;
        }
        List<String> chosen = new ArrayList<>();
        for (var name : wanted.isEmpty() ? new String[0] : wanted.split(" +", -1)) {
            if (!supported.contains(name)) {
                throw new VfioException(
                        Errno.EINVAL,
                        "reset_method of " + function.name() + " refused: it has no method \"" + name + "\"; it has "
                                + supported);
            }
            chosen.add(name);
        }
        function.chooseResets(chosen);
    }
}
