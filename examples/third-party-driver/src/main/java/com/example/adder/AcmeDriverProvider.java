// SPDX-License-Identifier: Apache-2.0
package com.example.adder;

import org.vfio4j.spi.device.BusDriver;
import org.vfio4j.spi.device.BusDriverProvider;
import org.vfio4j.spi.device.DriverEnvironment;

/** Offers the VFIO bus driver of the {@code acme} bus. */
public final class AcmeDriverProvider implements BusDriverProvider {
    static final String NAME = "vfio-acme";

    /** For {@link java.util.ServiceLoader}. */
    public AcmeDriverProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String bus() {
        return AdderModelProvider.BUS;
    }

    @Override
    public String description() {
        return "devices of the ACME company";
    }

    @Override
    public BusDriver create(DriverEnvironment environment) {
        return new AcmeDriver(environment);
    }
}
