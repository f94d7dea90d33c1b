// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import java.util.Optional;
import java.util.OptionalLong;
import org.vfio4j.ProcessOptions;
import org.vfio4j.Vfio;
import org.vfio4j.uapi.VfioException;

/** An embedded machine in this process, called without any door between. */
final class InProcessMachine implements UapiMachine {
    private final Vfio vfio;

    InProcessMachine(Vfio vfio) {
        this.vfio = vfio;
    }

    @Override
    public UapiSystem newProgram(ProcessOptions options) {
        return new InProcessSystem(vfio, options);
    }

    @Override
    public String groupPath(String device) {
        var view = vfio.device(device);
        int number = view.group().orElseThrow();
        var withoutIommu = !view.emulated()
                && vfio.groups().stream()
                        .anyMatch(group ->
                                group.number() == number && group.translation().equals("none"));
        return "/dev/vfio/" + (withoutIommu ? "noiommu-" : "") + number;
    }

    @Override
    public String nodePath(String device) {
        return "/dev/vfio/devices/vfio" + vfio.device(device).index().orElseThrow();
    }

    @Override
    public Optional<String> driver(String device) {
        return vfio.device(device).driver();
    }

    @Override
    public long bind(String device, String driver) {
        return result(() -> vfio.bind(device, driver));
    }

    @Override
    public long unbind(String device) {
        return result(() -> vfio.unbind(device));
    }

    private static long result(Runnable change) {
        try {
            change.run();
            return 0;
        } catch (VfioException refused) {
            return UapiSystem.refusal(refused.errno());
        }
    }

    @Override
    public OptionalLong pinnedPages() {
        return OptionalLong.of(vfio.pinnedPages());
    }

    @Override
    public void close() {
        vfio.close();
    }
}
