// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalInt;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;
import org.vfio4j.Device;
import org.vfio4j.OpenOptions;
import org.vfio4j.Vfio;
import org.vfio4j.VfioOptions;

/** Boots and powers off the machine of {@link EmbeddedMachine}. */
final class EmbeddedMachineExtension implements ParameterResolver, AfterEachCallback {
    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(EmbeddedMachineExtension.class);

    /** One test's machine and what was opened on it, the latest first. */
    private static final class Booted {
        private final Vfio vfio;
        private final Deque<Device> opened = new ArrayDeque<>();

        Booted(Vfio vfio) {
            this.vfio = vfio;
        }

        void powerOff() {
            while (!opened.isEmpty()) {
                opened.pop().close();
            }
            var pinned = vfio.pinnedPages();
            var faults = vfio.faults();
            vfio.close();
            if (pinned != 0) {
                throw new AssertionError(pinned + " pages are still pinned after every injected device was closed;"
                        + " something the test opened or mapped was not closed (refused DMA so far: " + faults + ")");
            }
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Vfio.class || parameter.isAnnotated(OpenDevice.class);
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        var booted = context.getStore(NAMESPACE)
                .getOrComputeIfAbsent(Booted.class, key -> new Booted(Vfio.open(options(context))), Booted.class);
        var open = parameter.findAnnotation(OpenDevice.class);
        if (open.isEmpty()) {
            return booted.vfio;
        }
        var type = open.get().containerType();
        var options = new OpenOptions(open.get().path(), type == 0 ? OptionalInt.empty() : OptionalInt.of(type));
        var device = booted.vfio.open(open.get().value(), options);
        booted.opened.push(device);
        return device;
    }

    @Override
    public void afterEach(ExtensionContext context) {
        var booted = context.getStore(NAMESPACE).remove(Booted.class, Booted.class);
        if (booted != null) {
            booted.powerOff();
        }
    }

    private static VfioOptions options(ExtensionContext context) {
        var annotation = AnnotationSupport.findAnnotation(context.getElement(), EmbeddedMachine.class)
                .or(() -> AnnotationSupport.findAnnotation(context.getRequiredTestClass(), EmbeddedMachine.class))
                .orElseThrow(() -> new ExtensionConfigurationException("@EmbeddedMachine is missing"));
        var options = VfioOptions.defaults().withHost("embedded");
        if (!annotation.machine().isEmpty()) {
            options = options.withMachine(machine(context.getRequiredTestClass(), annotation.machine()));
        }
        for (var setting : annotation.settings()) {
            var equals = setting.indexOf('=');
            if (equals < 0) {
                throw new ExtensionConfigurationException("setting \"" + setting + "\" is not of the form name=value");
            }
            options = options.with(setting.substring(0, equals), setting.substring(equals + 1));
        }
        return options;
    }

    private static Path machine(Class<?> test, String name) {
        var resource = test.getResource(name);
        if (resource == null) {
            return Path.of(name);
        }
        if (!resource.getProtocol().equals("file")) {
            throw new ExtensionConfigurationException("the machine " + name + " lies in an archive: " + resource);
        }
        try {
            return Path.of(resource.toURI());
        } catch (URISyntaxException e) {
            throw new ExtensionConfigurationException("the machine " + name + " has no path: " + resource, e);
        }
    }
}
