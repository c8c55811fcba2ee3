package dev.ninepin.guest;

import org.junit.platform.suite.api.IncludeClassNamePatterns;
import org.junit.platform.suite.api.SelectPackages;
import org.junit.platform.suite.api.Suite;

/** The tests that need an IOMMU or a kernel with 9p. They take about half of the time of all tests in guests. */
@Suite
@SelectPackages("dev.ninepin.guest")
@IncludeClassNamePatterns(SecondGuests.CLASSES)
class SecondGuests {
    static final String CLASSES = ".*\\.(IommuDrivers|Service|Vio9p|Vsock|KernelDriver|Comparison)IT";
}
