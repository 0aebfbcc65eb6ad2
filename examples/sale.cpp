// Registers one sale: sale CONFIG.json RECEIPT.json
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>

#include "kassa.h"

// An answer, given back to the library once it is copied.
static std::string taken(char *answer)
{
    const std::unique_ptr<char, decltype(&kassa_string_free)> owned(answer, kassa_string_free);
    return owned.get();
}

static std::string content(const char *path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error(std::string("cannot read ") + path);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

// What stands behind a name in an answer, up to the next of `ends`. It stands in for your own JSON library.
static std::string after(const std::string &answer, const std::string &name, const char *ends)
{
    const auto at = answer.find(name);
    const auto begin = at + name.size();
    return at == std::string::npos ? "" : answer.substr(begin, answer.find_first_of(ends, begin) - begin);
}

int main(int argc, char **argv)
try {
    if (argc != 3) {
        throw std::runtime_error("usage: sale CONFIG.json RECEIPT.json");
    }
    std::string answer = taken(kassa_open(content(argv[1]).c_str()));
    const std::string client = after(answer, "{\"ok\":{\"client\":", ",}");
    if (!client.empty()) {
        const auto till = std::stoll(client);
        const std::string receipt = content(argv[2]);
        answer = taken(kassa_call(till, "register", receipt.c_str()));
        if (answer.find("\"state\":\"accepted\"") != std::string::npos) {
            const std::string key = R"({"id":")" + after(answer, "\"receipt_id\":\"", "\"") + "\"}";
            answer = taken(kassa_call(till, "wait", key.c_str()));
        }
        kassa_close(till);
    }
    std::cout << answer << '\n';
    return answer.find("\"state\":\"registered\"") != std::string::npos ? 0 : 1;
} catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 2;
}
