// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ServiceLoader;
import org.vfio4j.host.embedded.capture.CapturedMachine;
import org.vfio4j.host.embedded.machine.MachineDescription;
import org.vfio4j.host.embedded.machine.MachineFile;
import org.vfio4j.spi.host.Host;
import org.vfio4j.spi.host.HostEnvironment;
import org.vfio4j.spi.host.HostProvider;
import org.vfio4j.spi.model.DeviceModelProvider;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The embedded machine as a host: the default one, one described in a JSON file, or a captured one. */
public final class EmbeddedHostProvider implements HostProvider {
    /** For {@link ServiceLoader}. */
    public EmbeddedHostProvider() {}

    @Override
    public String name() {
        return "embedded";
    }

    @Override
    public String description() {
        return "a machine in this process, with simulated devices behind a software IOMMU";
    }

    @Override
    public int priority() {
        return 100;
    }

    @Override
    public Host start(HostEnvironment environment) {
        var machine = environment.machine().map(EmbeddedHostProvider::read).orElseGet(MachineFile::builtIn);
        return EmbeddedHost.boot(
                machine,
                environment.memory(),
                environment.processBarrier(),
                environment::preferHugePages,
                ServiceLoader.load(DeviceModelProvider.class));
    }

    private static MachineDescription read(Path path) {
        if (!Files.exists(path)) {
            throw new VfioException(Errno.ENOENT, path + ": there is no such machine description or captured machine");
        }
        return Files.isDirectory(path) ? CapturedMachine.read(path) : MachineFile.read(path);
    }
}
