// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.pinning;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.vfio4j.spi.device.BusDriver;
import org.vfio4j.spi.device.BusDriverProvider;
import org.vfio4j.spi.device.DriverEnvironment;
import org.vfio4j.spi.device.VfioDevice;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.module.KernelModule;

/**
 * Makes an emulated device of any PCI function: it reaches memory through pins only. With its option {@code physical} it
 * registers the function as the device it is.
 */
public final class PinningDriver implements BusDriverProvider {
    /** Its name. */
    public static final String NAME = "vfio-pinning";

    private static final KernelModule.Parameter PHYSICAL =
            new KernelModule.Parameter("physical", KernelModule.Kind.BOOL, "N", 0);

    /** Made by the service loader. */
    public PinningDriver() {}

    @Override
    public Optional<KernelModule> kernelModule() {
        return Optional.of(new KernelModule("vfio_pinning", List.of(PHYSICAL)));
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String bus() {
        return "pci";
    }

    @Override
    public String description() {
        return "pins user memory on request";
    }

    @Override
    public BusDriver create(DriverEnvironment environment) {
        return new Loaded(environment);
    }

    private record Loaded(DriverEnvironment environment, Map<BusDevice, VfioDevice> bound) implements BusDriver {
        private Loaded(DriverEnvironment environment) {
            this(environment, new ConcurrentHashMap<>());
        }

        @Override
        public void probe(BusDevice device) {
            boolean physical =
                    environment.option(PHYSICAL.name()).filter("Y"::equals).isPresent();
            var ops = new PinningOps(physical);
            var allocated = environment.allocate(device, ops);
            ops.allocated(allocated);
            bound.put(device, allocated);
            try {
                if (physical) {
                    allocated.register();
                } else {
                    allocated.registerEmulated();
                }
            } catch (RuntimeException e) {
                bound.remove(device);
                allocated.put();
                throw e;
            }
        }

        @Override
        public void remove(BusDevice device) {
            var allocated = bound.get(device);
            if (allocated != null) {
                allocated.unregister();
                bound.remove(device);
                allocated.put();
            }
        }
    }
}
