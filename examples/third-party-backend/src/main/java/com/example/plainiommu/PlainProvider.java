// SPDX-License-Identifier: Apache-2.0
package com.example.plainiommu;

import java.util.Optional;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.iommu.ContainerDriver;
import org.vfio4j.spi.iommu.IommuBackendProvider;

/** Offers the backend. */
public final class PlainProvider implements IommuBackendProvider {
    static final String NAME = "plain";

    /** For {@link java.util.ServiceLoader}. */
    public PlainProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "containers with one isolation group and whole mappings";
    }

    /** Below the kernel's own backends: asked when somebody wants the type, never preferred to them. */
    @Override
    public int priority() {
        return 10;
    }

    @Override
    public Optional<ContainerDriver> containerDriver(BackendEnvironment environment) {
        return Optional.of(new PlainDriver(environment));
    }
}
